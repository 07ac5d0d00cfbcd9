package stackref

import (
	"maps"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Live hands a stack's outputs to the programs of other stacks that run in the
// same process, the moment all of them are known. Pulumi writes outputs to the
// backend when the whole update has ended, which can be half a minute later.
// The methods of a nil Live do nothing: every output comes from the backend.
type Live struct {
	mu     sync.Mutex
	stacks map[string]*handover
}

// handover is one stack's outputs; known is closed when they are there.
type handover struct {
	known   chan struct{}
	outputs map[string]any
}

// NewLive returns a Live for the stacks of one run.
func NewLive() *Live {
	return &Live{stacks: map[string]*handover{}}
}

// Known returns a channel that is closed when the stack's outputs are known.
func (l *Live) Known(stack string) <-chan struct{} {
	return l.handover(stack).known
}

func (l *Live) handover(stack string) *handover {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.stacks[stack]
	if h == nil {
		h = &handover{known: make(chan struct{})}
		l.stacks[stack] = h
	}
	return h
}

// publish hands over the outputs of an update when they are known. A second
// update of the same run has nothing new to say to programs that have started.
func (l *Live) publish(ctx *pulumi.Context, outputs pulumi.Map) {
	if l == nil || ctx.DryRun() {
		return
	}
	h := l.handover(ctx.Stack())
	outputs.ToMapOutput().ApplyT(func(values map[string]any) bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		if h.outputs == nil {
			h.outputs = maps.Clone(values)
			close(h.known)
		}
		return true
	})
}

// Outputs returns a stack's outputs if they have been handed over.
func (l *Live) Outputs(stack string) map[string]any {
	if l == nil {
		return nil
	}
	h := l.handover(stack)
	l.mu.Lock()
	defer l.mu.Unlock()
	return h.outputs
}
