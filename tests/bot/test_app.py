"""The application as a whole, over HTTP in process."""

from fastapi.testclient import TestClient

from bot.app import build_app
from bot.assembly import Assistant


def test_health_readiness_and_metrics_are_told(assistant: Assistant):
    with TestClient(build_app(assistant)) as http:
        assert http.get("/healthz").text == "ok"
        assert http.get("/readyz").json() == {
            "ready": True,
            "problem": None,
            "pending": 0,
            "guides": 101,
            "content_problem": None,
        }
        form = {"text": "chào cháu", "message_id": "m-00000000000000001"}
        http.post("/tin-nhan", data=form, headers={"Sec-Fetch-Site": "same-origin"})
        assert 'hocvuso_turns_total{channel="webchat",outcome="smalltalk"} 1.0' in http.get("/metrics").text


def test_a_worker_that_stopped_turns_health_red(assistant: Assistant):
    assistant.worker.stop()

    with TestClient(build_app(assistant)) as http:
        assert http.get("/healthz").status_code == 503


def test_no_interface_description_is_open_to_the_internet(assistant: Assistant):
    with TestClient(build_app(assistant)) as http:
        assert [http.get(path).status_code for path in ("/docs", "/redoc", "/openapi.json")] == [
            404,
            404,
            404,
        ]
