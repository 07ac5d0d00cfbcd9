package github

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// How long a request waits for GitHub.
const (
	// attempts is how often a request is sent if it fails for a passing reason.
	attempts = 5
	// firstPause is the pause after the first attempt. Each further pause is twice as long.
	firstPause = 2 * time.Second
	// limitPause is the pause that GitHub asks for if it refuses a request for its rate without
	// saying how long to wait.
	limitPause = time.Minute
	// patience is the limit for all pauses together. A comment isn't worth more of a runner's time.
	patience = 5 * time.Minute
)

// transport adds the token to requests. It repeats a request if GitHub asks for that or has an
// internal error.
// https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
type transport struct {
	// host is the only host that gets the token.
	host, token string
	say         func(format string, args ...any)
	sleep       func(context.Context, time.Duration) error
	waited      time.Duration
}

func newTransport(host, token string) *transport {
	return &transport{host: host, token: token, say: func(string, ...any) {}, sleep: sleep}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	for attempt := 1; ; attempt++ {
		response, err := t.send(request)
		pause, why := pauseAfter(response, err, attempt)
		if pause <= 0 || request.Context().Err() != nil {
			return response, err
		}
		if t.waited+pause > patience {
			t.say("%s; that is %s to wait, which is too long", why, pause.Round(time.Second))
			return response, err
		}
		t.waited += pause
		t.say("%s; trying again in %s", why, pause.Round(time.Second))
		if response != nil {
			_ = response.Body.Close() // The body was read already.
		}
		if err := t.sleep(request.Context(), pause); err != nil {
			return nil, err
		}
	}
}

// send makes one attempt. It reads the answer's body into memory, so that the body can be read
// twice.
func (t *transport) send(request *http.Request) (*http.Response, error) {
	again := request.Clone(request.Context())
	if request.GetBody != nil {
		var err error
		if again.Body, err = request.GetBody(); err != nil {
			return nil, err
		}
	}
	if request.URL.Host == t.host {
		again.Header.Set("Authorization", "Bearer "+t.token)
	}
	response, err := http.DefaultTransport.RoundTrip(again)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close() // The body was read to its end.
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}

// pauseAfter returns how long to wait before repeating the request, and why. It returns 0 if the
// request must not be repeated.
func pauseAfter(response *http.Response, err error, attempt int) (time.Duration, string) {
	backoff := firstPause << (attempt - 1)
	switch {
	case attempt == attempts:
		return 0, ""
	case err != nil:
		return backoff, "GitHub can't be reached: " + err.Error()
	case response.StatusCode >= http.StatusInternalServerError:
		return backoff, "GitHub has trouble: " + response.Status
	case response.StatusCode == http.StatusForbidden || response.StatusCode == http.StatusTooManyRequests:
		return limited(response, attempt), "GitHub's rate limit is reached"
	default:
		return 0, ""
	}
}

// limited returns how long to wait for a rate limit; 0 if the answer isn't about one.
func limited(response *http.Response, attempt int) time.Duration {
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil {
		return max(time.Duration(seconds)*time.Second, time.Second)
	}
	if response.Header.Get("X-Ratelimit-Remaining") == "0" {
		reset, _ := strconv.ParseInt(response.Header.Get("X-Ratelimit-Reset"), 10, 64) // Without the header, the time is long ago.
		return max(time.Until(time.Unix(reset, 0))+time.Second, time.Second)
	}
	body, _ := io.ReadAll(response.Body) // The body is in memory, so reading can't fail.
	response.Body = io.NopCloser(bytes.NewReader(body))
	if response.StatusCode == http.StatusTooManyRequests || strings.Contains(string(body), "secondary rate limit") {
		return limitPause << (attempt - 1)
	}
	return 0
}
