package automation

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/coldstart-aws/coldstart/internal/blueprint"
	"github.com/coldstart-aws/coldstart/internal/expectations"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
)

// order says which stacks wait for which.
type order int

const (
	together order = iota // none waits
	forward               // each waits for those that it depends on
	backward              // each waits for those that depend on it
)

// operation is what run does to each stack.
type operation struct {
	name  Operation
	order order
	// create makes stacks that the backend doesn't have; without it they are
	// left out, except by a preview and by the rebuilding of a state, which make theirs.
	create bool
	// reads says that it changes nothing, so that several may run at once.
	reads bool
	do    func(*stack, context.Context) error
}

// makes reports whether the operation creates what AWS doesn't have, or shows that.
func (op operation) makes() bool {
	return op.name == OperationUp || op.name == OperationPreview
}

// node is a stack in a run.
type node struct {
	*stack
	waitsFor []*node
	after    []*node // those that have to be complete before
	// ready is closed when those who wait may start, before the stack has
	// ended; nil if they have to wait until then.
	ready <-chan struct{}
	// done is closed when the stack has ended; result is valid then.
	done   chan struct{}
	result StackResult
	// burial says that the stack isn't declared any more and is given up. withdrawal says that
	// the stack takes people's assignments away before master runs, and then runs again.
	burial, withdrawal bool
}

// shared is what the stacks of one run have in common.
type shared struct {
	live   *stackref.Live
	events *queue
	// broken are the accounts that don't work in AWS, by name.
	broken map[string]*UnusableError
	// lets are the accounts that work and that the declaration lets go, if people come in by IAM
	// Identity Center.
	lets []string
	// unmade are the names of the stacks of which AWS was asked, and has nothing that was
	// made with a state that isn't here.
	unmade sync.Map
}

// run does an operation to the named stacks, or to all.
func (a *Automation) run(ctx context.Context, op operation, names []string) (*Result, error) {
	selected, err := a.selected(names)
	if err != nil {
		return nil, err
	}
	existing, err := a.existing(ctx)
	if err != nil {
		return nil, err
	}
	if op.makes() {
		if err := a.expected(ctx); err != nil {
			return nil, err
		}
	}
	begin := time.Now()
	common := &shared{live: stackref.NewLive(), events: newQueue(a.listener())}
	defer common.events.close()
	if op.makes() {
		if err := errors.Join(a.findDocker(ctx), a.elsewhere(ctx, existing, common)); err != nil {
			return nil, err
		}
	}
	var others bool
	if common.broken, others, err = a.unusable(ctx, existing); err != nil {
		common.events.put(Event{Time: begin, Kind: EventMessage, Stack: organization.Master, Message: fmt.Sprintf("whether every account works isn't known: %v", err)})
	}
	common.announce()
	nodes := a.graph(selected, op.order, common)
	if op.name == OperationUp {
		nodes = a.burials(nodes, common, existing)
	}
	// Of an account that leaves, AWS has the address. The declaration may not have IAM Identity Center any more.
	if op.makes() && (others || a.org.UsesIdentityCenter()) {
		var err error
		if nodes, err = a.withdrawals(ctx, nodes, common, existing, op.name == OperationUp); err != nil {
			return nil, err
		}
	}
	slots := semaphore.NewWeighted(int64(a.options.Parallel))
	var group errgroup.Group
	for _, n := range nodes {
		n.exists = existing[n.name]
		group.Go(func() error {
			defer close(n.done)
			n.result = n.run(ctx, n.operation(op), slots)
			n.emit(Event{Kind: EventStackFinished, Result: &n.result})
			return nil
		})
	}
	_ = group.Wait() // Failures are in the nodes' results.
	result := &Result{Operation: op.name, Duration: time.Since(begin)}
	for _, n := range nodes {
		if n.withdrawal && n.result.Err == nil {
			continue // Its second run has what counts.
		}
		result.Stacks = append(result.Stacks, n.result)
	}
	return result, ctx.Err()
}

// expected returns an error if the declaration's policies aren't as it expects.
func (a *Automation) expected(ctx context.Context) error {
	if len(a.org.Expect) == 0 {
		return nil
	}
	documents, err := blueprint.Documents(ctx, a.org)
	if err != nil {
		return err
	}
	_, problems := expectations.Check(documents, a.org)
	if err := problems.In(filepath.Join(a.options.Dir, organization.File)).Err(); err != nil {
		return fmt.Errorf("nothing was run, because an expectation isn't met (coldstart:expect):\n%w", err)
	}
	return nil
}

// graph returns the selected stacks with what each waits for among them.
func (a *Automation) graph(selected []organization.Stack, o order, common *shared) []*node {
	nodes, byName := make([]*node, len(selected)), map[string]*node{}
	for i, s := range selected {
		nodes[i] = &node{stack: a.stack(s, common), done: make(chan struct{})}
		if o == forward {
			nodes[i].ready = common.live.Known(s.Name)
		}
		byName[s.Name] = nodes[i]
	}
	for i, s := range selected {
		for _, name := range s.DependsOn {
			on, ok := byName[name]
			switch {
			case !ok:
				// Not selected: what it has is what there is.
			case o == forward:
				nodes[i].waitsFor = append(nodes[i].waitsFor, on)
			case o == backward:
				on.waitsFor = append(on.waitsFor, nodes[i])
			}
		}
		for _, name := range s.After {
			if on, ok := byName[name]; ok && o == forward {
				nodes[i].after = append(nodes[i].after, on)
			}
		}
	}
	return nodes
}

// burials returns the nodes with those of the stacks that are given up, for which master
// waits: it has the role that deletes the delegations of their zones.
func (a *Automation) burials(nodes []*node, common *shared, existing map[string]bool) []*node {
	i := slices.IndexFunc(nodes, func(n *node) bool { return n.name == organization.Master })
	if i < 0 {
		return nodes
	}
	master := nodes[i]
	for _, name := range common.leaving() {
		if existing[name] {
			n := &node{stack: a.stack(organization.Stack{Name: name}, common), done: make(chan struct{}), burial: true}
			master.waitsFor = append(master.waitsFor, n)
			nodes = append(nodes, n)
		}
	}
	return nodes
}

// operation returns what is done to the stack in a run of an operation.
func (n *node) operation(op operation) operation {
	if n.burial {
		return operation{name: op.name, do: (*stack).bury}
	}
	return op
}

// run waits for what the stack waits for, and a slot, and does the operation.
func (n *node) run(ctx context.Context, op operation, slots *semaphore.Weighted) StackResult {
	result := StackResult{Stack: n.name, Status: StatusSkipped, Changes: Changes{}}
	if broken := n.brokenAccount(); broken != nil && !n.burial && op.name != OperationDestroy {
		result.Err = broken
		return result
	}
	if result.Err = n.wait(ctx, op.order); result.Err != nil {
		return result
	}
	if !n.exists && !op.create && op.name != OperationPreview && op.name != OperationRecover {
		result.Status = StatusAbsent
		return result
	}
	if result.Err = slots.Acquire(ctx, 1); result.Err != nil {
		return result
	}
	defer slots.Release(1)
	begin := time.Now()
	n.emit(Event{Kind: EventStackStarted})
	result.Err = n.do(ctx, op)
	result.Duration = time.Since(begin)
	n.watcher.tell(&result)
	result.Kept = n.kept
	if ctx.Err() == nil {
		result.Unfinished = nil
	}
	result.Status = StatusSucceeded
	if result.Err != nil {
		result.Status = StatusFailed
	}
	return result
}

// brokenAccount says that the stack's account doesn't work; nil if it does.
func (s *stack) brokenAccount() error {
	if e := s.broken[s.name]; e != nil {
		return e
	}
	return nil
}

// do creates the stack if need be and does the operation.
func (n *node) do(ctx context.Context, op operation) error {
	n.reads = op.reads
	if n.name != organization.Master {
		if err := organization.CheckStackFile(settingsFile(n.a.options.Dir, n.name)); err != nil {
			return err
		}
	}
	if !op.reads {
		var release func()
		var err error
		if ctx, release, err = n.exclusive(ctx); err != nil {
			return err
		}
		defer release()
	}
	if op.makes() && !n.exists {
		// To create the stack may write how secrets are encrypted into its Pulumi.<stack>.yaml.
		if err := n.elsewhere(ctx); err != nil {
			return err
		}
	}
	if op.create && !n.exists {
		if err := n.create(ctx, n.a.options.Dir, n.a.options.Env, n.a.options.SecretsProvider); err != nil {
			return err
		}
	}
	if n.exists {
		if err := n.keepSettings(ctx); err != nil {
			return err
		}
	}
	return op.do(n.stack, ctx)
}

// wait returns an error if the stack can't run because of another.
func (n *node) wait(ctx context.Context, o order) error {
	for _, other := range n.waitsFor {
		select {
		case <-other.ready:
			continue
		case <-other.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		// One that was ready before it failed has handed over what is needed.
		select {
		case <-other.ready:
			continue
		default:
		}
		// A stack that ended is ready too, if it ended well.
		if slices.Contains([]Status{StatusSucceeded, StatusAbsent}, other.result.Status) {
			continue
		}
		// What the stack of a broken account exported last is there to be read.
		if other.brokenAccount() != nil && other.exists && !other.burial {
			continue
		}
		if other.withdrawal {
			return fmt.Errorf("not run, because stack %s, which has to take people's assignments away before, was %s", other.name, other.result.Status)
		}
		if other.burial {
			return fmt.Errorf("not run, because stack %s, which is given up before, was %s", other.name, other.result.Status)
		}
		if o == backward {
			return fmt.Errorf("not run, because stack %s, which needs this one, is still there", other.name)
		}
		return fmt.Errorf("not run, because stack %s, whose outputs it needs, was %s", other.name, other.result.Status)
	}
	return n.waitComplete(ctx)
}

// waitComplete returns an error if a stack that has to be complete before isn't.
func (n *node) waitComplete(ctx context.Context) error {
	for _, other := range n.after {
		select {
		case <-other.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		if !slices.Contains([]Status{StatusSucceeded, StatusAbsent}, other.result.Status) && other.brokenAccount() == nil {
			return fmt.Errorf("not run, because stack %s, which has to be complete before, was %s", other.name, other.result.Status)
		}
	}
	return ctx.Err()
}

// each calls f for each stack, several at once, and returns the first error.
func (a *Automation) each(ctx context.Context, stacks []organization.Stack, f func(context.Context, organization.Stack) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(a.options.Parallel)
	for _, s := range stacks {
		group.Go(func() error { return f(ctx, s) })
	}
	return group.Wait()
}
