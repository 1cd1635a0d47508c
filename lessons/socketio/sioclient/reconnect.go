package sioclient

import (
	"runtime/debug"
	"time"
)

// open connects, if nobody does and there is no connection.
func (m *Manager) open() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed || m.connecting || m.engine != nil {
		return
	}
	m.connecting = true
	m.running.Go(func() { m.connect(false) })
}

// connect tries until there is a connection, or no more tries are to be made.
// The first is made at once, unless a connection was lost.
func (m *Manager) connect(again bool) {
	for n := 0; ; again = true {
		if again {
			if !m.wait(n) {
				m.leaveOff()
				return
			}
			n++
			call(m, m.onAttempt, n)
		}
		err := m.try()
		if err == nil {
			if again {
				call(m, m.onReconnect, n)
			}
			return
		}
		exhausted := m.config.ReconnectionAttempts > 0 && n >= m.config.ReconnectionAttempts
		last := m.config.NoReconnect || exhausted || m.ctx.Err() != nil
		if last {
			m.stopConnecting() // before those are told who may call Connect
		}
		if m.ctx.Err() == nil {
			m.tellFailure(err, again)
		}
		if last {
			if exhausted && !m.config.NoReconnect && m.onReconnectFailed != nil {
				m.guard(m.onReconnectFailed)
			}
			return
		}
		if !m.wanted() {
			m.leaveOff()
			return
		}
	}
}

func (m *Manager) tellFailure(err error, again bool) {
	if again {
		call(m, m.onReconnectError, err)
	}
	for _, s := range m.all() {
		s.failed(err)
	}
}

// leaveOff stops because no socket wants a connection, unless one has changed
// its mind meanwhile: it has then seen that somebody connects, and relies on it.
func (m *Manager) leaveOff() {
	m.stopConnecting()
	if m.wanted() {
		m.open()
	}
}

func call[T any](m *Manager, f func(T), v T) {
	if f != nil {
		m.guard(func() { f(v) })
	}
}

// guard keeps a handler's panic from ending the process.
func (m *Manager) guard(f func()) {
	defer func() {
		if v := recover(); v != nil {
			m.config.Log.Error("handler panicked", "panic", v, "stack", string(debug.Stack()))
		}
	}()
	f()
}

func (m *Manager) stopConnecting() {
	m.mu.Lock()
	m.connecting = false
	m.mu.Unlock()
}

// wait for the time of that attempt. It reports whether it is still to be made.
func (m *Manager) wait(attempt int) bool {
	timer := time.NewTimer(m.config.delay(attempt))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-m.ctx.Done():
	}
	return m.ctx.Err() == nil && m.wanted()
}

// wanted reports whether some socket wants to be connected.
func (m *Manager) wanted() bool {
	for _, s := range m.all() {
		if s.Active() {
			return true
		}
	}
	return false
}
