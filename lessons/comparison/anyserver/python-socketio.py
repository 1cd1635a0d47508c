# apt install python3-socketio python3-aiohttp; python3 python-socketio.py
import asyncio
import os

import socketio
from aiohttp import web

sio = socketio.AsyncServer(async_mode="aiohttp")


@sio.on("chat message")
async def chat(sid, message):
    await sio.emit("chat message", message)


@sio.on("question")
async def question(sid, message):
    return message


async def main():
    app = web.Application()
    sio.attach(app)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(os.environ.get("PORT", 3000))).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
