"""Model packets: the constants of a stream's bodies, packed once per publisher."""

from __future__ import annotations

import time

from meshcast.protocol.axes import SYSTEMS, Conversion, convert_body
from meshcast.protocol.body import BodyModel
from meshcast.protocol.encode_model import encode_model, pack_model
from meshcast.protocol.pack import model_name_bytes
from meshcast.protocol.packets import ModelPacket


class ModelEncoder:
    """Packs one body model once; every message after that costs a header and a copy.

    axes: those of the frames. model_id is the CRC-32 of the arrays as they are sent: frame messages carry it. Raises
    WireError for names and rigs that a message cannot hold.
    """

    def __init__(self, body: BodyModel, axes: str = "opencv") -> None:
        self._system = SYSTEMS[axes]
        self._body = convert_body(body, Conversion.between(SYSTEMS["gltf"], self._system))
        model_name_bytes(body.name)  # a name that does not fit is an error now, not at the first message
        self._arrays = pack_model(self._body)
        self.name = body.name
        self.model_id = self._arrays.model_id

    def encode(self, *, stream: str, seq: int, session: int, t_publish_unix_ns: int | None = None) -> bytes:
        """One model message; the publish time is now unless it is given."""
        packet = ModelPacket(
            stream=stream,
            seq=seq,
            session=session,
            t_publish_unix_ns=time.time_ns() if t_publish_unix_ns is None else t_publish_unix_ns,
            model_id=self.model_id,
            axes=self._system.model_name,
            unit=self._system.unit,
            body=self._body,
        )
        return encode_model(packet, self._arrays)
