"""The queue of a browser and its selection of levels and streams."""

from __future__ import annotations

import asyncio

import pytest

from edge.bridges.websocket.client_queue import MAX_TOPICS, ClientQueue, ClientSelection
from edge.bridges.websocket.server import Bridge
from meshcast.errors import WireError
from meshcast.protocol.decoding import decode
from meshcast.protocol.packets import FramePacket
from tests.support.websocket_bridge import HERE, Upstream, answer, mesh, mesh_lod, model, running


def test_client_queue_keeps_newest_of_each_topic_and_models_first() -> None:
    async def work() -> None:
        browser = ClientQueue(ClientSelection(("mesh", "mesh-lod"), ""), [model("old")])
        messages = [mesh(0), mesh_lod(0), mesh(0, "cam1"), mesh(1), model(), mesh_lod(1), mesh(2)]
        for message in messages:
            browser.offer(message)
        got = [decode(await browser.next()) for _ in range(5)]
        assert [(packet.stream, type(packet).__name__) for packet in got[:2]] == [
            ("old", "ModelPacket"),
            ("cam0", "ModelPacket"),
        ]
        assert [(p.stream, p.level, p.seq) for p in got[2:] if isinstance(p, FramePacket)] == [
            ("cam0", "mesh", 2),
            ("cam0", "mesh-lod", 1),
            ("cam1", "mesh", 0),
        ]
        browser.offer(model(seq=9))  # known already
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(browser.next(), 0.01)
        browser.offer(model(session=2))
        assert decode(await browser.next()).session == 2

    asyncio.run(work())


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("?levels=vertices", b"unknown level 'vertices'; choose from params, joints, mesh, mesh-lod"),
        ("?levels=", b"unknown level ''"),
        ("?stream=a%2Fb", b"stream name 'a/b': use"),
        ("?stream=" + "x" * 31, b"use 1 to 30 letters"),
        ("?" + "&".join("a=1" for _ in range(20)), b"more than 16 parameters"),
    ],
)
def test_bridge_invalid_selection_is_bad_request(upstream: Upstream, query: str, message: bytes) -> None:
    with running(Bridge(upstream.address, HERE)) as url:
        code, _, body = answer(url, f"/stream{query}")
    assert code == 400
    assert message in body
    assert body.count(b"\n") == 1


def test_client_selection_parses_query() -> None:
    assert ClientSelection.parse("") == ClientSelection(("mesh-lod",), "")
    assert ClientSelection.parse("levels=params,mesh,params&stream=cam0&new=1") == ClientSelection(
        ("params", "mesh"), "cam0"
    )
    with pytest.raises(WireError):
        ClientSelection.parse("levels=model")


def test_browser_queue_is_bounded() -> None:
    browser = ClientQueue(ClientSelection(("mesh",), ""))
    for number in range(MAX_TOPICS + 50):
        browser.offer(mesh(0, f"cam{number}", people=0))

    async def drain() -> int:
        count = 0
        while browser._others or browser._models:
            await browser.next()
            count += 1
        return count

    assert asyncio.run(drain()) == MAX_TOPICS
