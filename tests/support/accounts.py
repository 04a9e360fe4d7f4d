"""The password of every account that tests create."""

PASSWORD = "correct horse battery"
