package sioclient

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"realtimelab/lessons/socketio/siopacket"
)

// open starts attempts to connect, unless there is a connection or attempts are being made.
func (m *Manager) open(reconnecting bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed || m.connecting || m.engine != nil {
		return
	}
	m.connecting = true
	m.tasks.Go(func() { m.connect(reconnecting) })
}

// connect makes attempts until one succeeds or stopConnecting returns true. The first is made at
// once, unless a connection was lost.
func (m *Manager) connect(reconnecting bool) {
	for n := 0; ; reconnecting = true {
		if reconnecting {
			timer := time.NewTimer(m.config.delay(n))
			select {
			case <-timer.C:
			case <-m.ctx.Done():
				timer.Stop()
			}
			if m.stopConnecting(false) {
				return
			}
			n++
			m.guard(func() { m.onAttempt(n) })
		}
		err := m.attempt()
		if err == nil {
			if reconnecting {
				m.guard(func() { m.onReconnect(n) })
			}
			return
		}
		failed := !m.config.NoReconnect && m.config.ReconnectionAttempts > 0 &&
			n >= m.config.ReconnectionAttempts
		last := failed || m.config.NoReconnect
		stopped := m.stopConnecting(last) // before the handlers, which may call Open
		if m.ctx.Err() == nil {
			if reconnecting {
				m.guard(func() { m.onReconnectError(err) })
			}
			for _, s := range m.all() {
				if s.Active() {
					s.fail(err)
				}
			}
		}
		if failed {
			m.guard(m.onReconnectFailed)
		}
		if stopped || m.stopConnecting(false) {
			return
		}
	}
}

// stopConnecting reports whether there are no more attempts to make: this was the last, no socket
// is active, or the manager is closed.
func (m *Manager) stopConnecting(last bool) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if last || m.closed || !m.active() {
		m.connecting = false
		return true
	}
	return false
}

// delay returns the delay before an attempt, counted from 0: exponential backoff with jitter,
// computed like the official client's.
func (c Config) delay(attempt int) time.Duration {
	d := float64(c.ReconnectionDelay)
	for range min(attempt, 62) {
		if d *= 2; d >= float64(c.ReconnectionDelayMax) {
			break
		}
	}
	if c.RandomizationFactor > 0 {
		d += d * c.RandomizationFactor * (2*rand.Float64() - 1)
	}
	return time.Duration(min(d, float64(c.ReconnectionDelayMax)))
}

// attempt opens a session and makes the active sockets join their namespaces.
func (m *Manager) attempt() error {
	ctx, cancel := context.WithTimeout(m.ctx, m.config.Timeout)
	defer cancel()
	var e *engine
	err := errors.New("sioclient: a function of Config panicked or called runtime.Goexit")
	m.guard(func() { e, err = openEngine(ctx, newEndpoint(m.base, m.config), &m.tasks) })
	if err != nil {
		return err
	}
	decoder := siopacket.Decoder{MaxAttachments: m.config.MaxAttachments}
	e.onMessage = func(data []byte, binary bool) error {
		add := decoder.AddText
		if binary {
			add = decoder.AddBinary
		}
		p, complete, err := add(data)
		if err != nil || !complete {
			return err
		}
		m.mu.Lock()
		e.entered(p)
		s := m.sockets[p.Namespace]
		m.mu.Unlock()
		if s != nil {
			s.receive(e, p)
		}
		return nil
	}
	e.onUpgrade = func(name string) { m.guard(func() { m.onUpgrade(name) }) }
	e.onUpgradeError = func(name string, err error) {
		m.guard(func() { m.onUpgradeError(name, err) })
	}
	e.onClose = func(reason Reason, err error) {
		m.mu.Lock()
		if m.engine == e {
			m.engine = nil
		}
		m.mu.Unlock()
		for _, s := range m.all() {
			s.lost(e, reason, err)
		}
		m.mu.Lock()
		active := m.active()
		m.mu.Unlock()
		if active && !m.config.NoReconnect {
			m.open(true)
		}
	}
	m.mu.Lock()
	m.connecting = false
	if m.closed {
		e.upgrades = nil
		e.start()
		e.close(ForcedClose) // so that the server does not keep the session
		m.mu.Unlock()
		return context.Canceled
	}
	m.engine = e
	e.start()
	m.mu.Unlock()
	for _, s := range m.all() {
		s.join()
	}
	m.release() // if all have disconnected meanwhile
	return nil
}
