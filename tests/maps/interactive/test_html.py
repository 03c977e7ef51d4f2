from map_worlds import content_of, random_map

from geoguess_cli.geo.partition import Partition
from geoguess_cli.maps.interactive.map_page import map_page


def test_names_of_photos_are_text_and_hold_no_path(states: Partition) -> None:
    evil = "/home/someone/</script><script>alert(1)</script>.jpg"
    page = map_page([random_map(states, photo=evil)])
    assert "<script>alert" not in page
    assert "/home/someone" not in page
    assert page.count("</script>") == 4
    assert content_of(page)["views"][0]["name"] == "script>.jpg"
    title = map_page([random_map(states, photo="<b>&.jpg")])
    assert "&lt;b&gt;&amp;.jpg</title>" in title
