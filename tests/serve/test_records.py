"""Records of the API: places, and photos with their answers."""

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from geoguess_cli.geo.regions import find_region
from geoguess_cli.serve.records import PlaceRecord, photo_record
from geoguess_cli.serve.service import Service


def test_a_place_goes_both_ways() -> None:
    place = PlaceRecord.of(np.array([45.5, -111.25]))
    assert (place.latitude, place.longitude) == (45.5, -111.25)
    np.testing.assert_array_equal(place.point, [45.5, -111.25])
    for latitude, longitude in ((91, 0), (0, 361), (float("nan"), 0)):
        with pytest.raises(ValidationError):
            PlaceRecord(latitude=latitude, longitude=longitude)


def test_the_record_of_a_photo_is_its_answer(service: Any, colored_photo: Any) -> None:
    photo = service.submit(colored_photo("Austin"), "a.jpg").result(20)
    answer = photo.map.answer
    record = photo_record(service, photo)
    assert (record.latitude, record.longitude) == answer.estimate
    assert (record.expected_km, record.radius_90_km) == (answer.expected_km, answer.radius_90_km)
    assert record.guesses[0].probability == pytest.approx(answer.confidence)
    assert record.truth is record.score is record.truth_from is None
    service.set_truth(photo, photo.map.estimate)
    record = photo_record(service, photo)
    assert record.truth_from == "person"
    assert record.score is not None
    assert record.score.geoscore == 5000


def test_an_answer_within_a_region_says_so(color_predictor, colored_photo) -> None:
    limited = color_predictor.within(find_region("Texas, US"))
    with Service(limited) as service:
        photo = service.submit(colored_photo("Helena"), "a.jpg").result()
        record = photo_record(service, photo)
    assert record.within == "Texas, US"
    assert 0 < record.inside < 0.5
    assert limited.partition.region.holds(np.array([[record.latitude, record.longitude]])).all()
