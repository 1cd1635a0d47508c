package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"

	"realtimelab/internal/lesson"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioredis"
)

// The adapters between the servers.
const (
	noAdapter = "off"
	pubSub    = "pubsub"
	sharded   = "sharded" // needs Redis 7, which the one inside the lab is not
	streams   = "streams"
)

// adapter returns what sio.Config.Adapter takes.
func adapter(kind string, db *redis.Client) func(*sio.Namespace, *sio.MemoryAdapter) sio.Adapter {
	config := sioredis.Config{Client: db, RequestTimeout: joinTime, Log: quiet}
	switch kind {
	case sharded:
		config.Sharded = &sioredis.Sharded{}
	case streams:
		config.Streams = &sioredis.Streams{}
	}
	return sioredis.New(config).Adapter
}

// adapters lists the adapters that this Redis has commands for, in the order of the page.
func (db *database) adapters() []string {
	if db.inside != nil {
		return []string{noAdapter, pubSub, streams}
	}
	return []string{noAdapter, pubSub, sharded, streams}
}

// joinTime is how long a server waits for Redis when it starts.
const joinTime = 2 * time.Second

// quiet takes the log of outages, which the page shows.
var quiet = slog.New(slog.DiscardHandler)

// database is Redis: one inside the lab, or the user's. The servers reach it through a tunnel,
// which the x-ray reads and which can be down.
type database struct {
	inside  *miniredis.Miniredis // nil for the user's
	options redis.Options
	tunnel  lesson.Tunnel
	end     func() // ends the clock of inside, and waits for it
}

func checkRedis(value string) error {
	if value == "" {
		return nil
	}
	_, err := redisOptions(value)
	return err
}

func redisOptions(url string) (*redis.Options, error) {
	options, err := redis.ParseURL(url)
	if err != nil {
		return nil, fmt.Errorf("%q: want a URL such as redis://127.0.0.1:6379: %w", url, err)
	}
	if options.Network == "unix" {
		return nil, fmt.Errorf(
			"%q: want a URL of a host and a port, such as redis://127.0.0.1:6379", url)
	}
	return options, nil
}

// silence keeps go-redis from writing to stderr about each dial that fails.
var silence = sync.OnceFunc(logging.Disable)

// openDatabase connects to the Redis at that URL, or starts one if it is empty. A connection with a
// password is not recorded, because the x-ray would show it.
func openDatabase(url string, lab *lesson.Lab) (db *database, err error) {
	silence()
	db = &database{end: func() {}}
	if url == "" {
		db.inside = miniredis.NewMiniRedis()
		if err := db.inside.StartAddr("127.0.0.1:0"); err != nil {
			return nil, fmt.Errorf("starting the Redis inside the lab: %w", err)
		}
		db.options.Addr = db.inside.Addr()
		db.end = db.runClock()
	} else {
		options, err := redisOptions(url)
		if err != nil {
			return nil, fmt.Errorf("--redis %w", err)
		}
		db.options = *options
	}
	secret := db.options.Password != "" || db.options.Username != ""
	if db.tunnel, err = lab.Tunnel(db.options.Addr, !secret); err != nil {
		return nil, errors.Join(err, db.close())
	}
	if url == "" {
		return db, nil
	}
	client := db.client()
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), joinTime)
	defer cancel()
	if err := client.Ping(ctx).Err(); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot reach the Redis at %s: %w", db.options.Addr,
			err), db.close())
	}
	return db, nil
}

// runClock lets the time of the Redis inside the lab pass, which has no clock of its own: what is
// kept for a time would be kept forever.
func (db *database) runClock() (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		last := time.Now()
		for {
			select {
			case now := <-ticker.C:
				db.inside.FastForward(now.Sub(last))
				last = now
			case <-ctx.Done():
				return
			}
		}
	})
	return func() { cancel(); running.Wait() }
}

// client returns a client of Redis for one server, to be closed after it.
func (db *database) client() *redis.Client {
	options := db.options
	options.Addr = db.tunnel.Addr()
	options.MaxRetries = -1 // a message whose answer was lost may have arrived
	options.DialTimeout = joinTime
	options.DialerRetries = 1
	options.DisableIdentity = true // the connection begins with less that is not the subject
	options.MaintNotificationsConfig = &maintnotifications.Config{
		Mode: maintnotifications.ModeDisabled}
	return redis.NewClient(&options)
}

// setDown makes Redis unreachable, or reachable again.
func (db *database) setDown(down bool) { db.tunnel.SetDown(down) }

func (db *database) close() error {
	var err error
	if db.tunnel != nil {
		err = db.tunnel.Close()
	}
	db.end()
	if db.inside != nil {
		db.inside.Close()
	}
	return err
}
