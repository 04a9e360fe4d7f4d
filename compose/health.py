"""`health.py live` checks whether the server of this container responds, `health.py ready` whether it is ready."""

import http.client
import os
import sys


def main() -> str | None:
    port = int(os.environ["BIND"].rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", f"/health/{sys.argv[1]}", headers={"Host": os.environ["INTERNAL_HOST"]})
        response = connection.getresponse()
        text = response.read().decode()
    except OSError as error:
        return f"No response: {error}"
    print(text)
    return None if response.status == 200 else f"The server responded with status {response.status}."


if __name__ == "__main__":
    sys.exit(main())
