"""What schemathesis can't know from the schema: binary bodies should sometimes be pictures, or ZIPs of pictures."""

from __future__ import annotations

import base64

import schemathesis
from hypothesis import strategies as st
from schemathesis.transport.serialization import Binary

from app.schemas import examples
from tests.pictures import zipped

images = st.one_of(
    *(st.just(base64.b64decode(png)) for png in (examples.PNG, examples.NUMBER_PNG)), st.binary(max_size=1000)
)
names = st.one_of(st.just("7/a.png"), st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1))
zips = st.one_of(st.dictionaries(names, images, max_size=3).map(zipped), st.binary(max_size=1000))

schemathesis.openapi.media_type("application/octet-stream", images)
schemathesis.openapi.media_type("application/zip", zips)
schemathesis.openapi.format("binary", images.map(Binary))
