package sio

import (
	"maps"
	"regexp"
	"slices"

	"realtimelab/lessons/socketio/event"
	"realtimelab/lessons/socketio/siopacket"
)

// ParentNamespace creates a child namespace for each name that its rule allows, when the first
// client asks to join it or Server.Of is called with it. Its methods may be called from any
// goroutine. Emit, To and the like reach the children that exist at that moment.
type ParentNamespace struct {
	broadcaster
	admission

	server *Server
	allow  func(name string, h Handshake) bool
	regexp *regexp.Regexp // nil for OfFunc
}

// OfRegexp lets clients join any namespace whose name, slash included, matches. A match anywhere in
// the name counts: use ^ and $ to match all of it. Set Config.CleanupEmptyChildNamespaces if
// clients can choose among many names.
func (s *Server) OfRegexp(re *regexp.Regexp) *ParentNamespace {
	return s.parent(&ParentNamespace{
		server: s, regexp: re,
		allow: func(name string, _ Handshake) bool { return re.MatchString(name) },
	})
}

// OfFunc lets clients join any namespace for which allow returns true. allow receives the name that
// the client sent, and its handshake. It may block, and may be called from several goroutines at
// once; a panic closes the client.
//
// Server.Of does not call allow, which needs a handshake: as in the official server, the namespace
// that Of creates is not a child, does not have the parent's middlewares, and is open to every
// client. To send to the children, use the ParentNamespace's To or Children.
func (s *Server) OfFunc(allow func(name string, h Handshake) bool) *ParentNamespace {
	return s.parent(&ParentNamespace{server: s, allow: allow})
}

// parent adds p after the existing parents, whose rules are tried first.
func (s *Server) parent(p *ParentNamespace) *ParentNamespace {
	p.broadcaster.children = p
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parents = event.With(s.parents, p, false)
	return p
}

// Children returns the parent's current child namespaces, in no order.
func (p *ParentNamespace) Children() []*Namespace {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	var children []*Namespace
	for _, n := range p.server.namespaces {
		if n.parent == p {
			children = append(children, n)
		}
	}
	return children
}

// Namespaces returns the names of all namespaces, sorted.
func (s *Server) Namespaces() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.namespaces))
}

// OnNewNamespace adds a function that is called with each new namespace, created by Of or for a
// client, before any client has joined it. It may call Of. A panic removes the namespace, so that
// the next client creates it again. The panic also closes the client that asked for the namespace;
// if Of created it, the caller of Of gets the panic.
func (s *Server) OnNewNamespace(f func(*Namespace)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onNewNamespace = event.With(s.onNewNamespace, f, false)
}

// Of returns the namespace of that name; the leading slash is optional. It creates the namespace if
// it is new; from then on clients may join it. If a rule of OfRegexp matches the name, the
// namespace becomes a child of that parent; rules of OfFunc are not tried, see there. In a cluster,
// Of waits until the namespace has joined it.
func (s *Server) Of(name string) *Namespace {
	if len(name) == 0 || name[0] != '/' {
		name = "/" + name
	}
	s.mu.Lock()
	parents := s.parents
	s.mu.Unlock()
	for _, p := range parents {
		if p.regexp != nil && p.regexp.MatchString(name) {
			return s.make(name, p, 0)
		}
	}
	return s.make(name, nil, 0)
}

// Lookup returns the namespace of that name, which begins with a slash, or nil. Unlike Of, it does
// not create one. In a cluster, it waits until the namespace has joined it.
func (s *Server) Lookup(name string) *Namespace {
	s.mu.Lock()
	n := s.namespaces[name]
	s.mu.Unlock()
	if n != nil {
		<-n.ready
	}
	return n
}

// enter counts a client's new member of the namespace of that name, or returns nil if clients
// cannot join it. exit is its counterpart.
func (s *Server) enter(name string, h func() Handshake) *Namespace {
	for {
		s.mu.Lock()
		n, parents := s.namespaces[name], s.parents
		if n != nil {
			n.members++
		}
		s.mu.Unlock()
		for i := 0; n == nil && i < len(parents); i++ {
			if p := parents[i]; p.allow(name, h()) {
				n = s.make(name, p, 1)
			}
		}
		if n == nil {
			return nil
		}
		<-n.open
		if !n.failed {
			return n
		}
	}
}

// make adds members to the member count of the namespace of that name, and returns the namespace.
// It creates a new namespace as a child of p, unless p is nil: the namespace joins the cluster, is
// announced to OnNewNamespace, and opens.
func (s *Server) make(name string, p *ParentNamespace, members int) *Namespace {
	s.mu.Lock()
	n, known := s.namespaces[name]
	if !known {
		n = &Namespace{namespaceBase: namespaceBase{server: s, name: name}, parent: p,
			ready: make(chan struct{}), open: make(chan struct{})}
		n.broadcaster.namespace = n
		n.local = &MemoryAdapter{namespace: n, sockets: map[string]*Socket{},
			rooms: map[string]map[string]*Socket{}}
		if s.config.Recovery != nil {
			n.local.history = newHistory(*s.config.Recovery, s.config.Engine.MaxQueue, &n.local.mu,
				func() {
					s.mu.Lock()
					n.members++ // for exit, which decrements it again
					s.mu.Unlock()
					s.guard(func() { s.exit(n) }, func() {})
				})
		}
		n.adapter = n.local
		if p != nil {
			p.admission.mu.Lock()
			n.onConnection, n.middlewares = slices.Clip(p.onConnection), slices.Clip(p.middlewares)
			p.admission.mu.Unlock()
		}
		s.namespaces[name] = n
	}
	n.members += members
	announce, alone := s.onNewNamespace, s.closed || s.config.Adapter == nil
	s.mu.Unlock()
	if known {
		<-n.ready
		return n
	}
	announced := false
	defer func() {
		if !announced { // the program's code has panicked, perhaps before it added middlewares
			s.mu.Lock()
			delete(s.namespaces, name)
			s.mu.Unlock()
			n.failed = true
			n.leaveCluster()
		}
		close(n.open)
	}()
	func() {
		defer close(n.ready)
		if !alone {
			n.adapter = s.config.Adapter(n, n.local)
		}
	}()
	for i := 0; i < len(announce) && name != siopacket.MainNamespace; i++ {
		announce[i](n)
	}
	announced = true
	return n
}

// exit removes a member. With the last one, it removes a child namespace if
// CleanupEmptyChildNamespaces is set, unless a disconnected client may still recover in it.
func (s *Server) exit(n *Namespace) {
	away := 0
	s.mu.Lock()
	n.members--
	if h := n.local.history; h != nil {
		n.local.mu.Lock()
		away = len(h.kept)
		n.local.mu.Unlock()
	}
	gone := away == 0 && n.members == 0 && n.parent != nil &&
		s.config.CleanupEmptyChildNamespaces && s.namespaces[n.name] == n
	if gone {
		delete(s.namespaces, n.name)
	}
	s.mu.Unlock()
	if gone {
		n.leaveCluster()
	}
}
