//go:build e2e

package e2e

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coldstart-aws/coldstart/organization"
)

// TestVending runs the example of a program that embeds coldstart. The example gets a request
// for an account, declares the account, and brings it up.
func TestVending(t *testing.T) {
	begin(t)
	w := newWorld(t, `
config:
  coldstart:namespace: vend
  coldstart:domain: vend.example
  coldstart:region: us-east-2
  coldstart:email: vend-%s@vend.example
  coldstart:network: {cidr: 10.0.0.0/8, accountPrefix: 16}
  coldstart:units: {products: {}}
  coldstart:accounts:
    first: {network: 10.0.0.0/16} # comes later
  coldstart:audit: none
`)
	service := filepath.Join(t.TempDir(), "vending")
	if out, err := exec.Command("go", "build", "-o", service, "../examples/vending").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address := listener.Addr().String()
	must(t, listener.Close())
	running := w.start(service, "-dir", w.dir, "-listen", address)
	defer func() {
		must(t, running.Process.Signal(os.Interrupt))
		must(t, running.Wait())
	}()

	accounts := "http://" + address + "/accounts"
	status, body := ask(t, func() (*http.Response, error) {
		return http.Post(accounts, "application/json", strings.NewReader(`{"name": "payments", "unit": "product"}`))
	})
	if status != http.StatusUnprocessableEntity || !strings.Contains(body, "coldstart:accounts.payments.unit") {
		t.Errorf("a wrong unit: %d, %s", status, body)
	}
	const good = `{"name": "payments", "unit": "products"}`
	if status, body = ask(t, func() (*http.Response, error) {
		return http.Post(accounts, "application/json", strings.NewReader(good))
	}); status != http.StatusAccepted {
		t.Fatalf("%d, %s", status, body)
	}
	if status, body = ask(t, func() (*http.Response, error) {
		return http.Post(accounts, "application/json", strings.NewReader(good))
	}); status != http.StatusConflict {
		t.Errorf("twice: %d, %s", status, body)
	}
	var account struct{ Status, Error, AccountID, ZoneName string }
	for deadline := time.Now().Add(2 * patience); account.Status != "ready"; time.Sleep(time.Second) {
		if account.Status == "failed" || time.Now().After(deadline) {
			t.Fatalf("the account is %s: %s", account.Status, account.Error)
		}
		_, body = ask(t, func() (*http.Response, error) { return http.Get(accounts + "/payments") })
		must(t, json.Unmarshal([]byte(body), &account))
	}
	if len(account.AccountID) != 12 || account.ZoneName != "payments.vend.example" {
		t.Errorf("got %+v", account)
	}
	if _, ok := w.accounts()["vend-payments@vend.example"]; !ok {
		t.Error("AWS has no such account")
	}
	content, err := os.ReadFile(filepath.Join(w.dir, organization.File))
	must(t, err)
	contains(t, string(content), "# comes later", "10.1.0.0/16")
}

// ask repeats a request until the service answers.
func ask(t *testing.T, request func() (*http.Response, error)) (status int, body string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		resp, err := request()
		if err != nil {
			if time.Now().After(deadline) {
				t.Fatal(err)
			}
			continue
		}
		content, err := io.ReadAll(resp.Body)
		must(t, err)
		must(t, resp.Body.Close())
		return resp.StatusCode, string(content)
	}
}
