package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/organization"
)

// order is what somebody asks for.
type order struct {
	Name  string `json:"name"`
	Unit  string `json:"unit"`
	Email string `json:"email"`
}

// account is what became of an order.
type account struct {
	Name string `json:"name"`
	// Status is ordered, ready or failed.
	Status    string `json:"status"`
	Error     string `json:"error,omitempty"`
	AccountID string `json:"accountId,omitempty"`
	ZoneName  string `json:"zoneName,omitempty"`
}

// vending takes orders and brings accounts up, one run at a time.
type vending struct {
	ctx  context.Context
	dir  string
	runs sync.WaitGroup
	// up lets one run at a time change the management account's stack.
	up sync.Mutex
	// mu guards the file and the accounts.
	mu       sync.Mutex
	accounts map[string]account
}

func newVending(ctx context.Context, dir string) *vending {
	return &vending{ctx: ctx, dir: dir, accounts: map[string]account{}}
}

// wait waits for the runs that are under way.
func (v *vending) wait() { v.runs.Wait() }

func (v *vending) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /accounts", v.take)
	mux.HandleFunc("GET /accounts/{name}", v.show)
	return mux
}

// take declares an account and starts to bring it up.
func (v *vending) take(w http.ResponseWriter, r *http.Request) {
	var o order
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&o); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	switch err := v.declare(o); {
	case errors.Is(err, organization.ErrDeclared):
		http.Error(w, err.Error(), http.StatusConflict)
		return
	case err != nil:
		// What is wrong with the order: every problem, with its remedy.
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	v.accounts[o.Name] = account{Name: o.Name, Status: "ordered"}
	v.runs.Go(func() { v.bring(o.Name) })
	w.Header().Set("Location", "/accounts/"+o.Name)
	answer(w, http.StatusAccepted, v.accounts[o.Name])
}

// declare adds the account to the file, with the next free network if the
// organization has a plan of them.
func (v *vending) declare(o order) error {
	file := filepath.Join(v.dir, organization.File)
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	org, err := organization.Parse(file, content)
	if err != nil {
		return err
	}
	declared := organization.Account{Unit: o.Unit, Email: o.Email}
	if next, ok := org.NextNetwork(); ok {
		declared.Network = next
	}
	if content, err = organization.AddAccount(file, content, o.Name, declared); err != nil {
		return err
	}
	if err := os.WriteFile(file+".new", content, 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

// bring brings the account up: the management account's stack creates it, its own
// stack fills it.
func (v *vending) bring(name string) {
	v.up.Lock()
	defer v.up.Unlock()
	became := account{Name: name, Status: "ready"}
	outputs, err := v.run(name)
	if err != nil {
		became.Status, became.Error = "failed", err.Error()
	} else {
		became.AccountID, became.ZoneName = outputs.AccountID, outputs.ZoneName
	}
	slog.Info("vending", "account", name, "status", became.Status, "error", became.Error)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.accounts[name] = became
}

func (v *vending) run(name string) (*account, error) {
	org, err := organization.Load(filepath.Join(v.dir, organization.File))
	if err != nil {
		return nil, err
	}
	a, err := automation.New(org, automation.Options{Dir: v.dir, OnEvent: func(e automation.Event) {
		if e.Kind == automation.EventMessage {
			slog.Info("vending", "stack", e.Stack, "message", e.Message)
		}
	}})
	if err != nil {
		return nil, err
	}
	stacks, err := a.WithDependencies(name)
	if err != nil {
		return nil, err
	}
	result, err := a.Up(v.ctx, stacks...)
	if err == nil {
		err = result.Err()
	}
	if err != nil {
		return nil, err
	}
	outputs, err := a.Account(v.ctx, name)
	if err != nil {
		return nil, err
	}
	return &account{AccountID: outputs.AccountID, ZoneName: outputs.ZoneName}, nil
}

func (v *vending) show(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	a, ok := v.accounts[r.PathValue("name")]
	if !ok {
		http.Error(w, "no such order", http.StatusNotFound)
		return
	}
	answer(w, http.StatusOK, a)
}

func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // Whoever hung up wants no answer.
}
