package facts

import (
	"encoding/json"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/conformance/node"
)

// official runs a module with the official packages and reads the JSON that it prints.
func official(t *testing.T, script string, answer any) {
	t.Helper()
	c := exec.CommandContext(t.Context(), "node", "--input-type=module", "-e", script)
	c.Dir = node.Dir(t)
	out, err := c.Output()
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(out, answer), "%s", out)
}

// TestReconnectionDelays: the official client applies its limit after the jitter, so from the fifth
// attempt on every client waits the same 5 s.
func TestReconnectionDelays(t *testing.T) {
	var delays [][]int // by attempt: the shortest and the longest of many
	official(t, `
		import { io } from "socket.io-client";
		const { backoff } = io("http://127.0.0.1:9", { autoConnect: false }).io;
		const seen = Array.from({ length: 10 }, () => [Infinity, 0]);
		for (let i = 0; i < 20000; i++) {
			backoff.reset();
			for (const s of seen) { const d = backoff.duration(); s[0] = Math.min(s[0], d); s[1] = Math.max(s[1], d); }
		}
		console.log(JSON.stringify(seen));`, &delays)
	for i, want := range [][]int{{550, 1500}, {1100, 3000}, {2200, 5000}, {4400, 5000}} {
		assert.InEpsilon(t, want[0], delays[i][0], 0.02, "attempt %d", i+1)
		assert.InEpsilon(t, want[1], delays[i][1], 0.02, "attempt %d", i+1)
	}
	for i := 4; i < 10; i++ {
		assert.Equal(t, []int{5000, 5000}, delays[i], "attempt %d", i+1)
	}
}

// TestTooLargeMessageOnTheOfficialServer: the application receives a generic reason.
func TestTooLargeMessageOnTheOfficialServer(t *testing.T) {
	var reasons map[string]string
	official(t, `
		import { createServer } from "node:http";
		import { Server } from "socket.io";
		import { io } from "socket.io-client";
		const reasons = {};
		for (const transport of ["websocket", "polling"]) {
			const http = createServer(), server = new Server(http, { maxHttpBufferSize: 1000 });
			await new Promise((done) => http.listen(0, "127.0.0.1", done));
			const socket = io("http://127.0.0.1:" + http.address().port, { transports: [transport], reconnection: false });
			await new Promise((done) => socket.on("connect", done));
			const closed = transport === "websocket" && new Promise((done) => socket.io.engine.transport.ws.addEventListener("close", (e) => done(e.code)));
			const lost = new Promise((done) => socket.on("disconnect", (reason, details) => done([reason, details?.context?.status])));
			socket.emit("x", "y".repeat(5000));
			const [reason, status] = await lost;
			reasons[transport] = reason + " " + (closed ? await closed : status);
			server.close();
		}
		console.log(JSON.stringify(reasons));
		process.exit();`, &reasons)
	assert.Equal(t, map[string]string{"websocket": "transport close 1009",
		"polling": "transport error 413"}, reasons)
}

// TestTheOfficialServerAcceptsForeignWebSockets: without allowRequest, whatever CORS says.
func TestTheOfficialServerAcceptsForeignWebSockets(t *testing.T) {
	var got map[string]string
	official(t, `
		import { createServer } from "node:http";
		import { Server } from "socket.io";
		import WebSocket from "ws";
		const got = {};
		for (const [name, options] of Object.entries({ default: {}, cors: { cors: { origin: "https://example.com" } } })) {
			const http = createServer(), server = new Server(http, options);
			await new Promise((done) => http.listen(0, "127.0.0.1", done));
			const at = "127.0.0.1:" + http.address().port + "/socket.io/?EIO=4&transport=";
			const ws = new WebSocket("ws://" + at + "websocket", { origin: "http://evil.example" });
			await new Promise((done, fail) => { ws.on("open", done); ws.on("error", fail); });
			ws.terminate();
			const polled = await fetch("http://" + at + "polling", { headers: { Origin: "http://evil.example" } });
			got[name] = polled.status + " " + polled.headers.get("access-control-allow-origin");
			server.close();
		}
		console.log(JSON.stringify(got));
		process.exit();`, &got)
	assert.Equal(t, map[string]string{"default": "200 null", "cors": "200 https://example.com"},
		got)
}
