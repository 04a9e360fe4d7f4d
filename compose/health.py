"""Asks the server of this container. `health.py live`: does it answer? `health.py ready`: may it be sent readers?"""

import http.client
import os
import sys


def main() -> str | None:
    port = int(os.environ["BIND"].rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", f"/health/{sys.argv[1]}", headers={"Host": os.environ["INTERNAL_HOST"]})
        answer = connection.getresponse()
        text = answer.read().decode()
    except OSError as error:
        return f"No answer: {error}"
    print(text)
    return None if answer.status == 200 else f"Answered {answer.status}."


if __name__ == "__main__":
    sys.exit(main())
