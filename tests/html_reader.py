"""What a page of HTML holds, as a browser would read it."""

from __future__ import annotations

import json
from html.parser import HTMLParser


class Reader(HTMLParser):
    """Tags of a page, its text, and the content of its scripts."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self.scripts = [], [], []
        self._script = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self._script = tag if tag in ("script", "style") else None
        if tag == "script":
            self.scripts.append((dict(attributes), ""))

    def handle_endtag(self, tag):
        self._script = None

    def handle_data(self, data):
        if self._script == "script":
            attributes, text = self.scripts[-1]
            self.scripts[-1] = (attributes, text + data)
        elif self._script is None:
            self.texts.append(data)

    def data(self, name):
        """The content of a script of data."""
        (text,) = [x for y, x in self.scripts if y.get("id") == name]
        return json.loads(text)
