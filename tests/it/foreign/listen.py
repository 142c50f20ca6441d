"""Prints every frame of a lowsky stream as one line of JSON, and its close as {"type": "closed", "code": …}.

Usage: listen.py URL [SUBSCRIPTION]
"""
import asyncio
import json
import sys

import websockets


async def listen(url, subscription=None):
    async with websockets.connect(url, max_size=None) as socket:
        if subscription:
            await socket.send(subscription)
        try:
            async for frame in socket:
                print(frame, flush=True)
        except websockets.exceptions.ConnectionClosed:
            pass
        print(json.dumps({"type": "closed", "code": socket.close_code}), flush=True)


asyncio.run(listen(*sys.argv[1:]))
