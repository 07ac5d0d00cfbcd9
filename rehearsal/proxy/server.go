package proxy

import (
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Server is a Front that listens.
type Server struct {
	*Front
	endpoint string
	server   *http.Server
	done     chan struct{}
}

// Via is the value of the header Via in every answer of a Front, so that nobody puts
// a second one in front of it.
// https://www.rfc-editor.org/rfc/rfc9110.html#name-via
const Via = "1.1 coldstart"

// Start listens on Options.Port of the loopback interface, in front of the emulator
// at endpoint.
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
		_ = s.server.Serve(wholeListener{listener}) // It ends by Close.
	}()
	return s, nil
}

// Endpoint is the URL for clients.
func (s *Server) Endpoint() string { return s.endpoint }

// Close stops listening and breaks what is under way.
func (s *Server) Close() error {
	err := s.server.Close()
	<-s.done
	return err
}
