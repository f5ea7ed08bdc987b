"""`POST /predict` in its three forms, and in batches."""

from __future__ import annotations

import asyncio
import base64
import io

import httpx
import numpy as np
import pytest
from PIL import Image

from model.data.digits import Splits
from model.preprocessing.pipeline import read_digit, to_png
from tests.number_pages import number_page
from tests.pictures import draw_seven, encoded, turned
from tests.server import REPOSITORY, Server


def post(server: Server, data: bytes, **headers: str) -> httpx.Response:
    return server.client.post("/predict", content=data, headers=headers)


def without_id(response: httpx.Response) -> dict:
    return {name: value for name, value in response.raise_for_status().json().items() if name != "request_id"}


def test_a_raw_body_is_read(server: Server, seven: bytes) -> None:
    response = post(server, seven)
    answer = response.raise_for_status().json()
    assert answer["digit"] == 7
    assert answer["accepted"] is True
    assert answer["confidence"] == max(answer["probabilities"]) == answer["probabilities"][7]
    assert sum(answer["probabilities"]) == pytest.approx(1, abs=1e-6)
    assert answer["model_version"] == "1"
    assert answer["request_id"] == response.headers["X-Request-ID"]
    assert "seen" not in answer


def test_all_forms_give_the_same_answer(server: Server, seven: bytes) -> None:
    text = base64.b64encode(seven).decode()
    answers = [
        without_id(post(server, seven)),
        without_id(post(server, seven, **{"Content-Type": "image/jpeg"})),  # lies, and is not trusted
        without_id(server.client.post("/predict", files={"anything": ("7.png", seven)})),
        without_id(server.client.post("/predict", json={"image": text})),
        without_id(server.client.post("/predict", json={"image": f"data:image/png;base64,{text}"})),
    ]
    assert all(answer == answers[0] for answer in answers)


def test_pixels_give_the_answer_of_the_picture_they_came_from(server: Server, seven: bytes) -> None:
    pixels = read_digit(seven).pixels
    by_pixels = without_id(server.client.post("/predict", json={"pixels": pixels.tolist()}))
    inner = without_id(server.client.post("/predict", json={"pixels": pixels[2:30, 2:30].tolist()}))
    assert by_pixels == inner == without_id(post(server, seven))


def test_pictures_that_come_together_get_what_each_gets_alone(server: Server, seven: bytes) -> None:
    """The answers are equal bit for bit, although the network computes all of them as one batch."""
    random = np.random.default_rng(3)
    pages = [np.pad(random.integers(0, 256, (20, 12)).astype(np.uint8), ((4, 4), (8, 8))) for _ in range(20)]
    files = [to_png(page) for page in pages] + [
        seven,
        to_png(np.asarray(draw_seven(60))),
        to_png(np.asarray(draw_seven(110))),
        b"no image",
        seven[:80],
    ]
    alone = [post(server, file) for file in files]

    async def ask_all() -> list[httpx.Response]:
        async with httpx.AsyncClient(base_url=server.url, limits=httpx.Limits(max_connections=64)) as client:
            return await asyncio.gather(*(client.post("/predict", content=file) for file in files * 8))

    together = asyncio.run(ask_all())
    for index, response in enumerate(together):
        expected = alone[index % len(files)]
        assert response.status_code == expected.status_code
        told = response.json(), expected.json()
        assert [{**answer, "request_id": ""} for answer in told] == [{**told[1], "request_id": ""}] * 2
        assert response.json()["request_id"] == response.headers["X-Request-ID"]


def test_seen_shows_what_the_model_was_given(server: Server, seven: bytes) -> None:
    seen = server.client.post("/predict?seen=true", content=seven).json()["seen"]
    picture = Image.open(io.BytesIO(base64.b64decode(seen.removeprefix("data:image/png;base64,"))))
    assert (np.asarray(picture) == read_digit(seven).pixels).all()


def test_seen_says_where_the_digit_lies_in_the_picture_as_it_was_sent(server: Server) -> None:
    upright = Image.new("L", (400, 260), 255)
    upright.paste(0, (50, 40, 70, 200))
    for file, box in ((encoded(upright), [50, 40, 20, 160]), (turned(upright), [40, 400 - 70, 160, 20])):
        assert server.client.post("/predict?seen=true", content=file).json()["box"] == pytest.approx(box, abs=2)
        assert "box" not in post(server, file).json()
    pixels = np.zeros((28, 28), int)
    pixels[4:24, 12:15] = 255
    answer = server.client.post("/predict?seen=true", json={"pixels": pixels.tolist()}).json()
    assert answer["box"] == [12, 4, 3, 20]


def test_a_large_picture_gives_the_answer_of_a_small_one(server: Server) -> None:
    """The large one is read in a thread, the small one on the event loop."""
    small = np.asarray(draw_seven(120))
    large = to_png(np.pad(small, 300, constant_values=255))
    fast, general = post(server, to_png(small)).json(), post(server, large).json()
    assert fast["digit"] == general["digit"] == 7
    assert fast["probabilities"] == pytest.approx(general["probabilities"], abs=0.02)


def test_a_digit_beside_much_other_ink_is_not_accepted(server: Server) -> None:
    page = np.asarray(draw_seven(300)).copy()
    assert post(server, to_png(page)).json()["accepted"]
    for top in range(20, 280, 40):
        page[top : top + 30, 20:50] = 0
    answer = post(server, to_png(page)).json()
    assert (answer["digit"], answer["accepted"], answer["reason"]) == (7, False, "other-ink")


@pytest.mark.parametrize("number", ["47", "2504"])
def test_a_page_with_several_digits_is_for_read_and_the_reason_says_so(server: Server, number: str) -> None:
    answer = post(server, to_png(number_page(number))).raise_for_status().json()
    assert (answer["accepted"], answer["reason"]) == (False, "several-digits")
    explained = server.client.get(f"/problems/{answer['reason']}").raise_for_status().json()
    assert "/read" in explained["remedy"] and explained["status"] == 200


def test_mnist_is_read_as_the_version_was_measured(server: Server, mnist: Splits) -> None:
    part = mnist.test[:100]
    files = [("file", ("x.png", to_png(image[2:30, 2:30]))) for image in part.images]
    items = server.client.post("/predict/batch", files=files).raise_for_status().json()["items"]
    right = sum(item["digit"] == label for item, label in zip(items, part.labels, strict=True))
    assert right >= 97


def test_a_batch_answers_each_image_in_order_with_a_result_or_a_problem(server: Server, seven: bytes) -> None:
    files = [("a", ("7.png", seven)), ("b", ("x.txt", b"no image")), ("c", ("7.png", seven))]
    answer = server.client.post("/predict/batch", files=files).raise_for_status().json()
    assert answer["total"] == 3
    first, problem, last = answer["items"]
    assert first == last and first["digit"] == 7
    assert problem["type"] == "/problems/unsupported-image" and problem["status"] == 415


def test_a_batch_of_json_mixes_images_and_pixels(server: Server, seven: bytes) -> None:
    body = [{"image": base64.b64encode(seven).decode()}, {"pixels": read_digit(seven).pixels.tolist()}]
    items = server.client.post("/predict/batch", json=body).raise_for_status().json()["items"]
    assert items[0]["probabilities"] == pytest.approx(items[1]["probabilities"])


def test_a_batch_answers_a_wrong_item_of_json_with_the_problem_that_it_is_alone(server: Server, seven: bytes) -> None:
    good = {"image": base64.b64encode(seven).decode()}
    wrong = [{"image": "@@@@"}, {"pixels": [[0] * 28] * 5}, {"pixels": [[True] * 28] * 28}, {"picture": "aaaa"}, {}, 5]
    items = server.client.post("/predict/batch", json=[good, *wrong, good]).raise_for_status().json()["items"]
    assert items[0] == items[-1] and items[0]["digit"] == 7
    for item, told in zip(wrong, items[1:-1], strict=True):
        alone = server.client.post("/predict", json=item).json()
        assert {**told, "request_id": ""} == {**alone, "request_id": ""} and told["errors"]


def test_a_batch_and_single_requests_agree_to_the_last_bit_that_is_sent(server: Server, seven: bytes) -> None:
    files = [("file", ("7.png", seven))] * 3
    items = server.client.post("/predict/batch", files=files).raise_for_status().json()["items"]
    single = without_id(post(server, seven))
    assert items[0]["probabilities"] == pytest.approx(single["probabilities"], abs=1e-6)


def test_a_sane_request_id_is_echoed_and_another_replaced(server: Server, seven: bytes) -> None:
    assert post(server, seven, **{"X-Request-ID": "order-66"}).headers["X-Request-ID"] == "order-66"
    assert post(server, seven, **{"X-Request-ID": "a b\tc" * 50}).headers["X-Request-ID"] != "a b\tc" * 50


def test_predict_keys_close_predictions_to_others(start_server, seven: bytes) -> None:
    closed = start_server(NUMERAL_PREDICT_KEYS="first-key,second-key")
    assert post(closed, seven).status_code == 401
    assert post(closed, seven, Authorization="Bearer wrong").json()["type"] == "/problems/key-required"
    assert post(closed, seven, Authorization="Bearer second-key").status_code == 200


def test_the_photo_of_the_readme_is_read_in_every_form(server: Server) -> None:
    photo = (REPOSITORY / "tests/images/seven.jpg").read_bytes()
    answers = [
        without_id(post(server, photo)),
        without_id(server.client.post("/predict", files={"file": ("seven.jpg", photo)})),
        without_id(server.client.post("/predict", json={"image": base64.b64encode(photo).decode()})),
    ]
    assert answers[0]["digit"] == 7 and answers[0]["accepted"]
    assert answers[0] == answers[1] == answers[2]
