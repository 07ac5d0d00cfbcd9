package proxy

import (
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Server is a Front with an HTTP server on the loopback interface.
type Server struct {
	*Front
	endpoint string
	server   *http.Server
	done     chan struct{}
}

// Via is the value of the header Via in every answer of a Front. Package rehearsal recognises
// a Front by this header, and doesn't put a second Front before the first.
// https://www.rfc-editor.org/rfc/rfc9110.html#name-via
const Via = "1.1 coldstart"

// Start starts a proxy in front of the emulator at endpoint, a URL such as
// http://127.0.0.1:5000. The proxy listens on Options.Port of the loopback interface until
// Close. An error says that endpoint is no URL or that the port isn't free.
func Start(endpoint string, o Options) (*Server, error) {
	target, err := url.Parse(strings.TrimSuffix(endpoint, "/"))
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(o.Port)))
	if err != nil {
		return nil, err
	}
	s := &Server{
		Front:    New(target, o),
		endpoint: "http://" + listener.Addr().String(),
		done:     make(chan struct{}),
	}
	s.server = &http.Server{Handler: s.Front, ConnContext: withConn, ReadHeaderTimeout: time.Minute}
	go func() {
		defer close(s.done)
		_ = s.server.Serve(wholeListener{listener}) // Serve always ends with an error.
	}()
	return s, nil
}

// Endpoint returns the proxy's URL, which clients use in place of the emulator's.
func (s *Server) Endpoint() string { return s.endpoint }

// Close stops listening, and breaks the connections of calls that aren't answered yet.
func (s *Server) Close() error {
	err := s.server.Close()
	<-s.done
	return err
}
