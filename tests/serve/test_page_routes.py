"""The page and the files that it loads."""

import re
from typing import Any

GPS = (30.25, -97.75)


def test_the_page_and_all_it_loads(client: Any) -> None:
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "{{" not in page.text
    links = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
    assert any(link.endswith("/bokeh.min.js") for link in links)
    for link in links:
        assert client.get(link).status_code == 200, link
    assert not re.findall(r'(?:src|href)="(?!/)', page.text)
    nonces = [re.search(r'style-nonce" content="([^"]+)', client.get("/").text) for _ in range(2)]
    assert nonces[0] is not None
    assert nonces[1] is not None
    assert nonces[0][1] != nonces[1][1]
