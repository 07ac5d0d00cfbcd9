package proxy

import (
	"context"
	"net"
	"sync"
)

// Go's HTTP server writes an answer of more than 4 KB, the size of its buffer, in several
// pieces. docs/adr/0009-answers-in-one-piece.md says why the header and the body have to leave
// together. So a wholeConn keeps what the server writes until the answer is complete, and then
// writes the answer in one piece.

type connKey struct{}

// withConn puts a connection into the context of its requests, where the handler finds it.
func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// wholeListener accepts connections as wholeConn.
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

// hold keeps what is written until release. A nil wholeConn, which the handler gets when
// another server than Start's runs it, does nothing.
func (c *wholeConn) hold() {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.holding = true
}

// release writes to the connection what hold has kept.
func (c *wholeConn) release() {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.holding = false
	if len(c.held) > 0 {
		_, _ = c.Conn.Write(c.held) // The server notices a broken connection at its next read.
	}
	c.held = nil
}
