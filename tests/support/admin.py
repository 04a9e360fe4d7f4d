"""Use the forms of the admin as a browser does: read a form, change its fields and send it."""

from html.parser import HTMLParser

from django.contrib.messages import get_messages


class _Fields(HTMLParser):
    """The fields of the main form of an admin page, with the values that a browser would send."""

    def __init__(self, html):
        super().__init__()
        self.data, self._inside, self._select, self._area = {}, False, None, None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        at = dict(attrs)
        if tag == "form":
            self._inside = (at.get("id") or "").endswith("_form")
        if not self._inside or "disabled" in at:
            return
        if tag == "input" and at.get("name") and at.get("type") not in ("submit", "file"):
            if at.get("type") in ("checkbox", "radio") and "checked" not in at:
                return
            self.data[at["name"]] = at.get("value", "on" if at.get("type") == "checkbox" else "") or ""
        elif tag == "select":
            self._select = at["name"], "multiple" in at
            if self._select[1]:
                self.data[at["name"]] = []
        elif tag == "option" and self._select:
            name, multiple = self._select
            if multiple and "selected" in at:
                self.data[name].append(at["value"])
            elif not multiple and ("selected" in at or name not in self.data):
                self.data[name] = at.get("value", "")
        elif tag == "textarea" and "name" in at:
            self._area = at["name"]
            self.data[self._area] = ""

    def handle_endtag(self, tag):
        if tag == "form":
            self._inside = False
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._area = None

    def handle_data(self, data):
        if self._area:
            self.data[self._area] += data.removeprefix("\n")


def fields(client, address):
    response = client.get(address)
    assert response.status_code == 200, (response.status_code, response.get("Location"))
    return form_of(response)


def form_of(response):
    """The fields of the main form on the page, each with the value that the form shows."""
    return _Fields(response.content.decode()).data


def send(client, address, _row=None, **changes):
    """Open the form at `address`, change fields and send it. `_row` is (prefix, values) of an inline row to add."""
    data = fields(client, address) | changes
    if _row:
        prefix, values = _row
        number = int(data[f"{prefix}-TOTAL_FORMS"])
        data[f"{prefix}-TOTAL_FORMS"] = number + 1
        data |= {f"{prefix}-{number}-{name}": value for name, value in values.items()}
    return client.post(address, data)


def saved(response):
    return response.status_code == 302


def errors(response):
    """The error messages of the form as one text."""
    assert response.status_code == 200, (response.status_code, [str(m) for m in get_messages(response.wsgi_request)])
    parser = _Errors()
    parser.feed(response.content.decode())
    assert parser.found, "The response shows the form again, but without an error message."
    return " ".join(parser.found)


class _Errors(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self._inside = [], False

    def handle_starttag(self, tag, attrs):
        if tag == "ul":
            self._inside = "errorlist" in (dict(attrs).get("class") or "")
        if tag == "p" and dict(attrs).get("class") == "errornote":
            self.found.append("(errors)")

    def handle_endtag(self, tag):
        if tag == "ul":
            self._inside = False

    def handle_data(self, data):
        if self._inside and data.strip():
            self.found.append(data.strip())
