"""What tests of this folder share."""

import pytest

from lgc_plugin.report.page import html_page


@pytest.fixture
def small(monkeypatch):
    """Pages without plotly.js."""
    monkeypatch.setattr(html_page, "_plotly", lambda: "// plotly")
