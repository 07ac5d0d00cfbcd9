package proxy

import (
	"context"
	"net"
	"sync"
)

// Go's server writes an answer of more than its buffer's 4 KB as a first piece
// with the header and a second one. docs/adr/0009-answers-in-one-piece.md says why
// both have to leave together: so the connection holds what it is given until the
// whole answer is there, and writes it at once.

type connKey struct{}

// withConn lets a handler find its connection.
func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// wholeListener accepts connections that can hold what is written.
type wholeListener struct{ net.Listener }

func (l wholeListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &wholeConn{Conn: c}, nil
}

type wholeConn struct {
	net.Conn

	mu      sync.Mutex
	holding bool
	held    []byte
}

func (c *wholeConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.holding {
		return c.Conn.Write(p)
	}
	c.held = append(c.held, p...)
	return len(p), nil
}

// hold keeps what is written from now on. A handler that isn't served by Start has
// no such connection.
func (c *wholeConn) hold() {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.holding = true
}

// release writes what was held.
func (c *wholeConn) release() {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.holding = false
	if len(c.held) > 0 {
		_, _ = c.Conn.Write(c.held) // The server notices a broken connection when it reads.
	}
	c.held = nil
}
