package xray

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"realtimelab/lessons/socketio/siopacket"
)

// An adapterMessage is a message from one Socket.IO server of a cluster to the others, sent through
// Redis.
type adapterMessage struct {
	says Text
	json []byte // MessagePack is converted to JSON
}

// commandMessages returns the messages in a command.
func commandMessages(name string, v respValue) []adapterMessage {
	switch {
	case (name == "PUBLISH" || name == "SPUBLISH") && len(v.items) == 3:
		return readAdapterMessage(v.items[2].text)
	case name == "XADD":
		for i := 2; i < len(v.items)-2; i++ { // options come before the id
			if id := v.string(i); id == "*" || strings.Contains(id, "-") {
				return readEntry(v.items[i+1:])
			}
		}
	}
	return nil
}

// replyMessages returns the messages in a reply or a push.
func replyMessages(asked *redisCommand, push bool, what string,
	v respValue) (all []adapterMessage) {
	if push && strings.HasSuffix(what, "message") && len(v.items) >= 3 {
		return readAdapterMessage(v.items[len(v.items)-1].text)
	}
	if asked == nil || asked.name != "XREAD" && asked.name != "XRANGE" {
		return nil
	}
	return entriesIn(v)
}

// entriesIn finds the entries of streams in a reply: arrays of an id and an array of fields and
// values.
func entriesIn(v respValue) (all []adapterMessage) {
	if len(v.items) == 2 && !v.items[0].aggregates() && v.items[1].aggregates() &&
		strings.Contains(v.string(0), "-") {
		if m := readEntry(v.items[1].items); m != nil {
			return m
		}
	}
	for _, item := range v.items {
		all = append(all, entriesIn(item)...)
	}
	return all
}

// readEntry reads the fields and values of an entry of a stream. The streams adapter keeps a
// message's members as fields, and its data as JSON or, with binary data, as MessagePack in base64.
func readEntry(items []respValue) []adapterMessage {
	members := map[string]string{}
	for i := 0; i+1 < len(items); i += 2 {
		if items[i].aggregates() || items[i+1].aggregates() {
			return nil
		}
		members[string(items[i].text)] = string(items[i+1].text)
	}
	if members["uid"] == "" || members["type"] == "" {
		return nil
	}
	text := map[string]any{}
	for name, value := range members {
		switch n, err := strconv.Atoi(value); {
		case name == "type" && err == nil:
			text[name] = n
		case name == "data" && jsontext.Value(value).IsValid():
			text[name] = json.RawMessage(value)
		default:
			text[name] = value
		}
	}
	data, err := json.Marshal(text)
	if err != nil {
		return nil
	}
	return explainAdapter(data)
}

// readAdapterMessage reads a payload: MessagePack, or JSON.
func readAdapterMessage(payload []byte) []adapterMessage {
	if len(payload) == 0 || len(payload) > maxWhole {
		return nil
	}
	if payload[0] == '{' || payload[0] == '[' {
		if jsontext.Value(payload).IsValid(jsontext.AllowDuplicateNames(true),
			jsontext.AllowInvalidUTF8(true)) {
			return explainAdapter(bytes.Clone(payload))
		}
		return nil
	}
	text, _, rest, err := siopacket.ReadMsgpackValue(payload)
	if err != nil || len(rest) > 0 {
		return nil
	}
	return explainAdapter(text)
}

// adapterPacket is the Socket.IO packet in a message.
type adapterPacket struct {
	Data json.RawMessage `json:"data"`
	Nsp  string          `json:"nsp"`
}

// adapterOptions selects the sockets that receive a message.
type adapterOptions struct {
	Rooms  []any `json:"rooms"`
	Except []any `json:"except"`
}

// clusterTypes are the types of the messages of the sharded adapter and of the streams adapter, by
// number.
var clusterTypes = map[int]Text{
	1: {EN: "server %s announces that it joins", ZH: "服务器 %s 宣布自己加入"},
	2: {EN: "heartbeat of server %s", ZH: "服务器 %s 的心跳"},
	4: {EN: "server %s lets sockets join rooms", ZH: "服务器 %s 让一些 socket 加入房间"},
	5: {EN: "server %s lets sockets leave rooms", ZH: "服务器 %s 让一些 socket 离开房间"},
	6: {EN: "server %s disconnects sockets", ZH: "服务器 %s 断开一些 socket"},
	7: {EN: "server %s asks the others for their sockets",
		ZH: "服务器 %s 询问其他服务器上的 socket"},
	8: {EN: "server %s lists its sockets", ZH: "服务器 %s 列出自己的 socket"},
	9: {EN: "server %s emits an event to the other servers", ZH: "服务器 %s 向其他服务器发出事件"},
	10: {EN: "server %s responds to another server's event",
		ZH: "服务器 %s 回答另一台服务器的事件"},
	11: {EN: "server %s reports how many clients it asked for an ack",
		ZH: "服务器 %s 说明自己问了多少客户端"},
	12: {EN: "server %s forwards an acknowledgement", ZH: "服务器 %s 转交一个回执"},
	13: {EN: "server %s leaves", ZH: "服务器 %s 离开"},
}

// clusterBroadcast is the type of a broadcast among clusterTypes.
const clusterBroadcast = 3

// requestTypes are the types of the requests of the adapter for Pub/Sub, by number.
var requestTypes = map[int]Text{
	0: clusterTypes[7], 1: {EN: "server %s asks the others for their rooms",
		ZH: "服务器 %s 询问其他服务器上的房间"},
	2: clusterTypes[4], 3: clusterTypes[5], 4: clusterTypes[6], 5: clusterTypes[7],
	6: clusterTypes[9],
	7: {EN: "server %s broadcasts and asks for acknowledgements", ZH: "服务器 %s 广播，并要求回执"},
}

// explainAdapter says what a message means. It returns nil for JSON that no adapter sends.
func explainAdapter(text []byte) []adapterMessage {
	says, ok := explainBroadcast(text)
	if !ok {
		says, ok = explainObject(text)
	}
	if !ok {
		return nil
	}
	return []adapterMessage{{says, text}}
}

// explainBroadcast explains a broadcast of the adapter for Pub/Sub: [uid, packet, options].
func explainBroadcast(text []byte) (Text, bool) {
	var parts []json.RawMessage
	var uid string
	var packet adapterPacket
	var options adapterOptions
	if json.Unmarshal(text, &parts) != nil || len(parts) != 3 ||
		json.Unmarshal(parts[0], &uid) != nil ||
		json.Unmarshal(parts[1], &packet) != nil || json.Unmarshal(parts[2], &options) != nil ||
		packet.Nsp == "" {
		return Text{}, false
	}
	return broadcasts(uid, packet, options), true
}

// explainObject explains every other message, which is an object.
func explainObject(text []byte) (Text, bool) {
	var m struct {
		UID       string `json:"uid"`
		Nsp       string `json:"nsp"`
		Type      int    `json:"type"`
		RequestID string `json:"requestId"`
		Data      struct {
			Opts   adapterOptions `json:"opts"`
			Packet adapterPacket  `json:"packet"`
		} `json:"data"`
	}
	_ = json.Unmarshal(text, &m) // data may be of another shape: the members before it are read
	uid := printable(m.UID, 24)
	types := clusterTypes
	switch {
	case m.UID == "" && m.RequestID == "" || len(text) == 0 || text[0] != '{':
		return Text{}, false
	case m.UID == "":
		return say("response to request %s of another server",
			"对另一台服务器的请求 %s 的回答", printable(m.RequestID, 24)), true
	case m.Nsp != "" && m.Type == clusterBroadcast:
		if m.Data.Packet.Nsp == "" {
			return say("server %s broadcasts", "服务器 %s 广播", uid), true
		}
		return broadcasts(m.UID, m.Data.Packet, m.Data.Opts), true
	case m.Nsp == "":
		types = requestTypes
	}
	means, known := types[m.Type]
	if !known {
		return Text{}, false
	}
	return Text{EN: fmt.Sprintf(means.EN, uid), ZH: fmt.Sprintf(means.ZH, uid)}, true
}

// broadcasts describes a broadcast: its sender, its content and its receivers.
func broadcasts(uid string, packet adapterPacket, to adapterOptions) Text {
	p := siopacket.Packet{Type: siopacket.Event, Namespace: packet.Nsp,
		Data: siopacket.Value(packet.Data)}
	with, zhWith := arguments(p, 1)
	rooms, zhRooms := "everyone", "所有人"
	if len(to.Rooms) > 0 {
		rooms = printable(strings.Trim(fmt.Sprint(to.Rooms), "[]"), 60)
		zhRooms = rooms
	}
	if len(to.Except) > 0 {
		except := printable(strings.Trim(fmt.Sprint(to.Except), "[]"), 60)
		rooms, zhRooms = rooms+" except "+except, zhRooms+"（除了 "+except+"）"
	}
	uid = printable(uid, 24)
	return Text{
		EN: fmt.Sprintf("server %s broadcasts %s%s%s to %s", uid, eventName(p), inNamespace(p).EN,
			with, rooms),
		ZH: fmt.Sprintf("服务器 %s 向%s广播 %s%s%s", uid, zhRooms, eventName(p), inNamespace(p).ZH,
			zhWith),
	}
}
