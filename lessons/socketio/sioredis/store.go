package sioredis

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/redis/go-redis/v9"

	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/siopacket"
)

// store keeps the sessions of one namespace's disconnected clients in Redis, and reads the packets
// that they missed from the stream. It implements sio.SessionStore.
type store struct {
	adapter *adapter
	stream  string
	prefix  string
}

func newStore(a *adapter) store {
	s := a.config.Streams
	return store{a, s.stream(a.namespace.Name()), s.SessionPrefix}
}

// wireSession is a session as the official adapter stores it, in MessagePack and base64. The
// members from "nsp" on are additions of this package.
type wireSession struct {
	SID   string         `json:"sid"`
	PID   string         `json:"pid"`
	Rooms names          `json:"rooms"` // the socket's id is one of them
	Data  jsontext.Value `json:"data,omitzero"`

	Namespace string            `json:"nsp,omitzero"`
	Token     string            `json:"token,omitzero"`
	After     string            `json:"after,omitzero"`
	Joined    map[string]string `json:"joined,omitzero"` // by room: the last packet before
}

// Keep implements sio.SessionStore.
func (s store) Keep(session sio.Session, d time.Duration) {
	wire, err := encodeSession(session)
	if s.adapter.unsent(err) {
		return
	}
	s.adapter.link.put(job{kind: keep, channel: s.prefix + session.PID, message: wire,
		expiry: max(d, time.Millisecond)})
}

func encodeSession(session sio.Session) ([]byte, error) {
	data, err := marshalData(session.Data)
	if err != nil {
		return nil, fmt.Errorf("the data of socket %s: %w", session.ID, err)
	}
	w := wireSession{
		SID: session.ID, PID: session.PID, Rooms: names{session.ID}, Data: data,
		Namespace: session.Namespace, Token: session.Token, After: session.After.String(),
		Joined: map[string]string{},
	}
	for _, room := range session.Rooms {
		w.Rooms = append(w.Rooms, room.Name)
		w.Joined[room.Name] = room.After.String()
	}
	text, err := json.Marshal(w, lenient)
	if err != nil {
		return nil, err
	}
	packed, err := siopacket.AppendMsgpackValue(nil, text, nil)
	return base64.StdEncoding.AppendEncode(nil, packed), err
}

func decodeSession(wire string) (session sio.Session, err error) {
	packed, err := base64.StdEncoding.DecodeString(wire)
	if err != nil {
		return session, err
	}
	var w wireSession
	attachments, err := decode(packed, &w)
	if err != nil {
		return session, err
	}
	after, _ := sio.ParseOffset(w.After)
	session = sio.Session{
		ID: w.SID, PID: w.PID, Namespace: w.Namespace, Token: w.Token,
		Data: readData(w.Data, attachments), After: after,
	}
	for _, name := range w.Rooms {
		joined, _ := sio.ParseOffset(w.Joined[name])
		if name != w.SID {
			session.Rooms = append(session.Rooms, sio.SessionRoom{Name: name, After: joined})
		}
	}
	if session.ID == "" {
		err = errNotSession
	}
	return session, err
}

var errNotSession = errors.New("sioredis: not a session")

// maxPID bounds the key that a client can make Redis look up.
const maxPID = 128

// Take implements sio.SessionStore. It looks for the session more than once, because a client may
// reconnect before its old server has stored the session.
func (s store) Take(pid string) (session sio.Session, err error) {
	if len(pid) > maxPID {
		return sio.Session{}, sio.ErrNoSession
	}
	for range 3 {
		if session, err = s.take(pid); !errors.Is(err, sio.ErrNoSession) {
			return session, err
		}
		select {
		case <-time.After(retryDelay):
		case <-s.adapter.life.Done():
		}
	}
	return session, err
}

func (s store) take(pid string) (sio.Session, error) {
	ctx, cancel := s.adapter.within(context.Background(), s.adapter.config.RequestTimeout)
	defer cancel()
	var found *redis.StringCmd
	_, err := s.adapter.config.Client.TxPipelined(ctx, func(p redis.Pipeliner) error {
		found = p.Get(ctx, s.prefix+pid) // GETDEL needs Redis 6.2
		p.Del(ctx, s.prefix+pid)
		return nil
	})
	switch {
	case errors.Is(err, redis.Nil):
		return sio.Session{}, sio.ErrNoSession
	case err != nil:
		return sio.Session{}, err
	}
	return decodeSession(found.Val())
}

// errTrimmed says that the stream no longer holds a client's last packet, so later packets may be
// missing too.
var errTrimmed = errors.New("sioredis: the stream no longer holds the client's last packet")

var errTooMuch = errors.New("sioredis: the client has missed too much")

// Since implements sio.SessionStore.
func (s store) Since(after, until sio.Offset, bytes int) (past []sio.PastPacket, err error) {
	ctx, cancel := s.adapter.within(context.Background(), s.adapter.config.RequestTimeout)
	defer cancel()
	client := s.adapter.config.Client
	oldest, err := client.XRangeN(ctx, s.stream, "-", "+", 1).Result()
	if err != nil {
		return nil, err
	}
	if len(oldest) == 0 {
		return nil, errTrimmed
	}
	if first, ok := sio.ParseOffset(oldest[0].ID); !ok || after.Before(first) {
		return nil, errTrimmed
	}
	const page = 500
	for {
		next := sio.Offset{Time: after.Time, Seq: after.Seq + 1}
		entries, err := client.XRangeN(ctx, s.stream, next.String(), until.String(), page).Result()
		if err != nil {
			return nil, err
		}
		for _, m := range entries {
			e, err := parseEntry(m)
			after = e.id
			if err != nil || e.namespace != s.adapter.namespace.Name() ||
				e.kind != clusterBroadcast {
				continue
			}
			if bytes -= e.size(); bytes < 0 {
				return nil, errTooMuch
			}
			v, err := e.meaning()
			if err != nil {
				continue // no server has sent it to a client
			}
			if m, ok := v.(message); ok && !m.opts.flags().Volatile {
				past = append(past, sio.PastPacket{Offset: e.id, Packet: m.packet,
					To: m.opts.selection(), Flags: m.opts.flags()})
			}
		}
		if len(entries) < page {
			return past, nil
		}
	}
}
