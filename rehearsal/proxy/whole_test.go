package proxy

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// writes is a listener whose connections send the size of each write to sizes.
type writes struct {
	net.Listener
	sizes chan int
}

type writesConn struct {
	net.Conn
	sizes chan int
}

func (l writes) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return writesConn{c, l.sizes}, nil
}

func (c writesConn) Write(p []byte) (int, error) {
	c.sizes <- len(p)
	return c.Conn.Write(p)
}

// However long an answer is, its header and its body are one write.
func TestAnswersLeaveInOnePiece(t *testing.T) {
	t.Parallel()
	emulator := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, strings.Repeat("x", len(r.URL.RawQuery)))
	}))
	defer emulator.Close()
	target, err := url.Parse(emulator.URL)
	if err != nil {
		t.Fatal(err)
	}
	sizes := make(chan int, 100)
	front := httptest.NewUnstartedServer(New(target, Options{}))
	front.Listener = wholeListener{writes{front.Listener, sizes}}
	front.Config.ConnContext = withConn
	front.Start()
	defer front.Close()
	for _, size := range []int{0, 100, 3000, 5000, 20_000} {
		response, err := http.Get(front.URL + "/?" + strings.Repeat("y", size))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || len(body) != size {
			t.Errorf("%d bytes of %d: %v", len(body), size, err)
		}
		if n := <-sizes; n < size+50 || len(sizes) > 0 {
			t.Errorf("an answer of %d bytes began with %d bytes, and %d more pieces followed", size, n, len(sizes))
		}
	}
}
