package sio

import (
	"maps"
	"regexp"
	"slices"
	"sync"
)

// everyChild is a choice of all sockets of all children.
type everyChild = ParentBroadcast

// ParentNamespace makes a namespace for each name that its rule allows, when
// the first client asks to join it. Its broadcast methods (To, Except, Emit and
// so on) are those of each of its children.
type ParentNamespace struct {
	everyChild

	server *Server
	allow  func(name string, h Handshake) bool
	regexp *regexp.Regexp // nil if allow is the user's

	mu           sync.Mutex
	onConnection []func(*Socket)
	middlewares  []Middleware
}

// OfRegexp lets clients join any namespace whose name, slash included, matches.
// A match anywhere in the name counts: use ^ and $.
func (s *Server) OfRegexp(re *regexp.Regexp) *ParentNamespace {
	return s.parent(&ParentNamespace{
		server: s, regexp: re,
		allow: func(name string, _ Handshake) bool { return re.MatchString(name) },
	})
}

// OfFunc lets clients join any namespace that allow is true for. It is asked
// with what the client has sent, may take its time, and may be called from
// several goroutines at once.
func (s *Server) OfFunc(allow func(name string, h Handshake) bool) *ParentNamespace {
	return s.parent(&ParentNamespace{server: s, allow: allow})
}

// parent adds p after those there are, which are asked first.
func (s *Server) parent(p *ParentNamespace) *ParentNamespace {
	p.everyChild.parent = p
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parents = with(s.parents, p, false)
	return p
}

// OnConnection is Namespace.OnConnection of the children that are made from now on.
func (p *ParentNamespace) OnConnection(f func(*Socket)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onConnection = with(p.onConnection, f, false)
}

// Use is Namespace.Use of the children that are made from now on.
func (p *ParentNamespace) Use(f Middleware) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.middlewares = with(p.middlewares, f, false)
}

// Children lists the namespaces that there are now, in no order.
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

// Namespaces lists the names of all namespaces, sorted.
func (s *Server) Namespaces() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.namespaces))
}

// OnNewNamespace adds what is called with each namespace that is made, by Of or
// for a client, before any client has joined it.
func (s *Server) OnNewNamespace(f func(*Namespace)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onNewNamespace = with(s.onNewNamespace, f, false)
}

func (s *Server) announce(n *Namespace) {
	s.mu.Lock()
	handlers := s.onNewNamespace
	s.mu.Unlock()
	for _, f := range handlers {
		f(n)
	}
}

// inherit gives a new child what its parent has.
func (n *Namespace) inherit(p *ParentNamespace) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n.parent, n.onConnection, n.middlewares = p, slices.Clip(p.onConnection), slices.Clip(p.middlewares)
}

// Of returns the namespace of that name, which clients may join from now on.
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

// enter counts a client's new member of the namespace of that name, or returns
// nil if there is none to join. Namespace.release takes it back.
func (s *Server) enter(name string, h func() Handshake) *Namespace {
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
	if n != nil {
		<-n.open
	}
	return n
}

// make returns the namespace of that name with so many members more; it makes
// it if there is none.
func (s *Server) make(name string, p *ParentNamespace, members int) *Namespace {
	s.mu.Lock()
	n, known := s.namespaces[name]
	if !known {
		n = newNamespace(s, name)
		if p != nil {
			n.inherit(p)
		}
		s.namespaces[name] = n
	}
	n.members += members
	s.mu.Unlock()
	if known {
		<-n.ready
		return n
	}
	started := false
	defer func() {
		if !started && members > 0 {
			s.leave(n) // a handler of new namespaces has panicked
		}
	}()
	n.start()
	started = true
	return n
}

// leave takes a member out, and with the last one a child namespace, if empty
// ones are not to stay.
func (s *Server) leave(n *Namespace) {
	s.mu.Lock()
	n.members--
	gone := n.members == 0 && n.parent != nil && s.config.CleanupEmptyChildNamespaces && s.namespaces[n.name] == n
	if gone {
		delete(s.namespaces, n.name)
	}
	s.mu.Unlock()
	if gone {
		n.adapter.Close()
	}
}
