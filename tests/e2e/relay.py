#!/usr/bin/env python3
"""relay.py LISTEN_HOST TARGET_FILE PORT_FILE: passes each connection on to where TARGET_FILE says then ("host:port"; while
it is empty, nobody is there), and writes the port that it listens at. Stands for a Service where nothing makes one work."""
import asyncio
import pathlib
import sys


async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def serve(reader, writer):
    target = pathlib.Path(sys.argv[2]).read_text().strip()
    host, _, port = target.rpartition(":")
    try:
        there_reader, there_writer = await asyncio.wait_for(asyncio.open_connection(host, int(port)), 3)
    except (OSError, ValueError, asyncio.TimeoutError):
        writer.close()
        return
    await asyncio.gather(pump(reader, there_writer), pump(there_reader, writer))


async def main():
    server = await asyncio.start_server(serve, sys.argv[1], 0)
    pathlib.Path(sys.argv[3]).write_text(str(server.sockets[0].getsockname()[1]))
    await server.serve_forever()


asyncio.run(main())
