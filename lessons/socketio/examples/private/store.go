package main

import (
	"crypto/rand"
	"errors"
	"sync"
)

// A session identifies a browser: ID is its secret, UserID is public.
type session struct {
	ID     string `json:"sessionID"`
	UserID string `json:"userID"`
}

type user struct {
	ID        string    `json:"userID"`
	Name      string    `json:"username"`
	Connected bool      `json:"connected"`
	Messages  []message `json:"messages"` // with the person who is looking
}

type message struct {
	ID      int    `json:"id"`
	From    string `json:"from"`
	To      string `json:"to"`
	Content string `json:"content"`
}

// A store keeps everything in memory. In production this is a database.
type store struct {
	mu       sync.Mutex // guards what follows
	sessions map[string]session
	users    map[string]user
	order    []string // ids of the users as they came
	messages []message
}

func newStore() *store {
	return &store{sessions: map[string]session{}, users: map[string]user{}}
}

func (p *store) session(id string) (s session, known bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, known = p.sessions[id]
	return s, known
}

// add makes a new user and the user's session.
func (p *store) add(name string) session {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := session{ID: rand.Text(), UserID: rand.Text()}
	p.sessions[s.ID] = s
	p.users[s.UserID] = user{ID: s.UserID, Name: name, Messages: []message{}}
	p.order = append(p.order, s.UserID)
	return s
}

func (p *store) user(id string) (u user, known bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	u, known = p.users[id]
	return u, known
}

func (p *store) setConnected(id string, connected bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	u := p.users[id]
	u.Connected = connected
	p.users[id] = u
}

// seenBy returns all users, each with the messages exchanged with the user me.
func (p *store) seenBy(me string) []user {
	p.mu.Lock()
	defer p.mu.Unlock()
	history := map[string][]message{}
	for _, m := range p.messages {
		switch me {
		case m.From:
			history[m.To] = append(history[m.To], m)
		case m.To:
			history[m.From] = append(history[m.From], m)
		}
	}
	all := make([]user, 0, len(p.order))
	for _, id := range p.order {
		u := p.users[id]
		u.Messages = append(u.Messages, history[id]...)
		all = append(all, u)
	}
	return all
}

func (p *store) send(from, to, content string) (message, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, known := p.users[to]; !known {
		return message{}, errors.New("unknown user")
	}
	m := message{ID: len(p.messages), From: from, To: to, Content: content}
	p.messages = append(p.messages, m)
	return m, nil
}
