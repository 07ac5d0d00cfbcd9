package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/coldstart-aws/coldstart/internal/awsconfig"
	"github.com/coldstart-aws/coldstart/internal/pace"
	"github.com/coldstart-aws/coldstart/rehearsal/contract"
	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// EmulatorOptions say which emulator to use. The zero value starts moto in a
// Python virtual environment, which is made once and kept.
type EmulatorOptions struct {
	// Endpoint is that of an emulator that runs already.
	Endpoint string
	// Image is a Docker image to run, such as motoserver/moto:5.2.5. Its server
	// listens on port 5000.
	Image string
	// CacheDir is where the virtual environment is kept; empty for the folder
	// that COLDSTART_CACHE names or, without it, coldstart in the user's cache
	// folder.
	CacheDir string
	// Port is where the emulator answers; 0 for one that is free.
	Port int
	// Front says which of AWS's rules hold before the emulator; nil for
	// limits.Refusals. An emulator at Endpoint that has rules before it keeps them.
	Front *proxy.Options
	// Progress, if not nil, is told what takes longer than a moment.
	Progress func(string)
	// Log, if not nil, gets what the emulator's programs print.
	Log io.Writer
	// Detached leaves the emulator running when this process ends, and ctx with
	// it, until Stop or a signal: Bare, since the rules before it end with this
	// process. What it prints is lost then unless Log is a file, which outlives
	// this process too.
	Detached bool
}

// emulatorKey is the id and the secret of the access key that emulators get:
// they take any.
const emulatorKey = "test"

// Emulator is a local AWS API: an emulator, with AWS's rules in front of it.
type Emulator struct {
	endpoint string
	version  string
	bare     string        // the emulator's own endpoint
	front    *proxy.Server // nil if somebody else's is before the emulator already
	process  *process      // nil if somebody else runs it
	pace     pace.Pace     // 0 if the emulator has no rates
	// ruled says that somebody else has put AWS's rules before the emulator.
	ruled bool
	kept  contract.Kept // what no emulator has; nil without a front of its own
}

// StartEmulator starts an emulator and waits until it answers. It ends with ctx,
// with this process, or by Stop.
func StartEmulator(ctx context.Context, o EmulatorOptions) (*Emulator, error) {
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	if o.Log == nil {
		o.Log = io.Discard
	}
	e, err := start(ctx, o)
	if err != nil {
		return nil, err
	}
	front := limits.Refusals()
	if o.Front != nil {
		front = *o.Front
	}
	front.Port = o.Port
	if e.ruled && o.Front == nil {
		return e, nil
	}
	if err := e.putFront(front); err != nil { //nolint:contextcheck // It serves until it is closed.
		return nil, errors.Join(err, e.Stop())
	}
	return e, nil
}

// start starts an emulator, or finds one, without rules of AWS's in front of it.
func start(ctx context.Context, o EmulatorOptions) (*Emulator, error) {
	switch {
	case o.Endpoint != "" && o.Image != "":
		return nil, errors.New("both the endpoint of an emulator and the image of one are given: give one of them")
	case o.Endpoint != "":
		return useEndpoint(ctx, o.Endpoint)
	case o.Image != "":
		return startImage(ctx, o)
	default:
		return startMoto(ctx, o)
	}
}

// modelled puts AWS's models of its services before other rules, and what no emulator has behind them.
func (e *Emulator) modelled(rules func(*proxy.World) []proxy.Rule) func(*proxy.World) []proxy.Rule {
	return func(w *proxy.World) []proxy.Rule {
		all := []proxy.Rule{contract.New(w)}
		if rules != nil {
			all = append(all, rules(w)...)
		}
		e.kept = contract.Keep(w)
		return append(all, e.kept)
	}
}

// putFront puts AWS's rules before the emulator.
func (e *Emulator) putFront(o proxy.Options) error {
	if e.ruled {
		return fmt.Errorf("the emulator at %s has AWS's rules in front of it already, and these can't be changed: use an emulator without, or none", e.bare)
	}
	o.Rules = e.modelled(o.Rules)
	front, err := proxy.Start(e.bare, o)
	if err != nil {
		return fmt.Errorf("putting AWS's rules before the emulator: %w", err)
	}
	e.front, e.endpoint = front, front.Endpoint()
	return nil
}

// Endpoint returns the URL of the emulator, behind AWS's rules.
func (e *Emulator) Endpoint() string { return e.endpoint }

// Bare returns the same emulator without AWS's rules in front of it. It lasts as long
// as the emulator.
func (e *Emulator) Bare() *Emulator {
	return &Emulator{endpoint: e.bare, bare: e.bare, version: e.version}
}

// Calls says what the rules in front of the emulator did so far.
func (e *Emulator) Calls() proxy.Report {
	if e.front == nil {
		return proxy.Report{}
	}
	return e.front.Report()
}

// EnableIdentityCenter enables IAM Identity Center for the emulated organization in a region, as a person does in AWS's console:
// no API of AWS's can do that. The organization has to be there, with all features. The error says what is missing, that IAM
// Identity Center is enabled already, or that the rules in front of the emulator are another process's.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/enable-identity-center.html
func (e *Emulator) EnableIdentityCenter(ctx context.Context, region string) error {
	if e.kept == nil {
		return fmt.Errorf("enabling IAM Identity Center: the emulator at %s is another process's: start it by `coldstart emulator --identity-center %s`", e.endpoint, region)
	}
	return e.kept.EnableIdentityCenter(ctx, region)
}

// Version says what the emulator is: moto and its version, a Docker image or,
// of one that ran already, what it calls itself.
func (e *Emulator) Version() string { return e.version }

// PID returns the process that StartEmulator started; 0 if there is none.
func (e *Emulator) PID() int {
	if e.process == nil {
		return 0
	}
	return e.process.cmd.Process.Pid
}

// Stop ends the emulator and waits for that. The error says that it had ended by
// itself.
func (e *Emulator) Stop() error {
	if e.front != nil {
		_ = e.front.Close() // Nobody is asked for anything any more.
	}
	if e.process == nil {
		return nil
	}
	return e.process.stop()
}

// Env returns environment variables with which AWS SDKs reach the emulator and
// never AWS. They are for adding to this process's environment: what there is
// in it of credentials, profiles and endpoints is overridden, by an empty value
// where nothing is to take its place. They also say how fast the emulator's clock
// runs, if it has AWS's rates.
func (e *Emulator) Env() map[string]string {
	env := emulatorEnv(e.endpoint, os.Environ())
	env[pace.Variable] = ""
	if e.pace > 0 {
		env[pace.Variable] = e.pace.String()
	}
	return env
}

// Config returns a configuration whose clients reach the emulator as its
// management account. Nothing in it comes from the environment.
func (e *Emulator) Config(region string) aws.Config {
	return awsconfig.Emulator(e.endpoint, region, aws.Credentials{AccessKeyID: emulatorKey, SecretAccessKey: emulatorKey})
}

func emulatorEnv(endpoint string, environ []string) map[string]string {
	env := map[string]string{}
	for _, variable := range environ {
		name, _, _ := strings.Cut(variable, "=")
		// Endpoints of single services (AWS_ENDPOINT_URL_S3), roles and tokens
		// would win over what is set below. SDKs take empty for not set.
		if isAWS(name) {
			env[name] = ""
		}
	}
	// An SDK that finds these files named reads no others.
	env["AWS_CONFIG_FILE"] = os.DevNull
	env["AWS_SHARED_CREDENTIALS_FILE"] = os.DevNull
	env["AWS_PROFILE"] = ""
	env["AWS_SESSION_TOKEN"] = ""
	env["AWS_ACCESS_KEY_ID"] = emulatorKey
	env["AWS_SECRET_ACCESS_KEY"] = emulatorKey
	env["AWS_EC2_METADATA_DISABLED"] = "true"
	env["AWS_ENDPOINT_URL"] = endpoint
	return env
}

// isAWS reports whether an environment variable could lead an AWS SDK, or the
// Terraform provider in Pulumi's, to an account. Regions don't.
func isAWS(name string) bool {
	switch name {
	case "AWS_REGION", "AWS_DEFAULT_REGION":
		return false
	}
	return strings.HasPrefix(name, "AWS_") || strings.HasPrefix(name, "TF_AWS_")
}

// useEndpoint uses an emulator that runs already, and makes sure that it is one.
func useEndpoint(ctx context.Context, endpoint string) (*Emulator, error) {
	if err := checkEndpoint(endpoint); err != nil {
		return nil, err
	}
	endpoint = strings.TrimSuffix(endpoint, "/")
	e := &Emulator{endpoint: endpoint, bare: endpoint}
	var err error
	if e.version, e.ruled, err = answers(ctx, e.endpoint); err != nil {
		return nil, fmt.Errorf("the emulator at %s doesn't answer: %w", endpoint, err)
	}
	// Only an emulator takes these credentials, so that a proxy with a harmless
	// name doesn't lead to AWS either.
	client := sts.NewFromConfig(e.Config("us-east-1"), func(o *sts.Options) { o.RetryMaxAttempts = 1 })
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	if _, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}); err != nil {
		return nil, fmt.Errorf("%s is no emulator of AWS, which would take any credentials: %w", endpoint, err)
	}
	return e, nil
}

// checkEndpoint refuses what can't be an emulator: an organization can't be
// taken back.
func checkEndpoint(endpoint string) error {
	u, err := url.Parse(endpoint)
	if err != nil {
		return fmt.Errorf("the emulator's endpoint: %w", err)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return fmt.Errorf("the emulator's endpoint %q is no URL: write one such as http://127.0.0.1:5000", endpoint)
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	for _, domain := range []string{"amazonaws.com", "amazonaws.com.cn", "api.aws", "api.amazonwebservices.com.cn"} {
		if host == domain || strings.HasSuffix(host, "."+domain) {
			return fmt.Errorf("the emulator's endpoint %s is AWS itself: rehearsals run against an emulator only, such as one at http://127.0.0.1:5000", endpoint)
		}
	}
	return nil
}

// directClient makes requests past every proxy.
var directClient = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// answers makes one request and returns what the server calls itself, and whether
// AWS's rules are in front of it.
func answers(ctx context.Context, endpoint string) (server string, ruled bool, err error) {
	// Where nobody listens, that shows at once.
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint+"/", nil)
	if err != nil {
		return "", false, err
	}
	response, err := directClient.Do(request)
	if err != nil {
		return "", false, err
	}
	defer func() { _ = response.Body.Close() }()
	if server = response.Header.Get("Server"); server == "" {
		server = "an emulator that doesn't say what it is"
	}
	return server, response.Header.Get("Via") == proxy.Via, nil
}

// listen takes a free port of the loopback interface.
func listen() (*net.TCPListener, error) {
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, fmt.Errorf("the emulator's port: %w", err)
	}
	return listener, nil
}

func portOf(listener *net.TCPListener) int { return listener.Addr().(*net.TCPAddr).Port }

// started returns the emulator that p runs, once it answers.
func started(ctx context.Context, p *process, port int, version string) (*Emulator, error) {
	endpoint := fmt.Sprintf("http://127.0.0.1:%d", port)
	e := &Emulator{endpoint: endpoint, bare: endpoint, version: version, process: p}
	if err := p.awaitAnswer(ctx, e.endpoint); err != nil {
		p.cancel()
		<-p.done
		return nil, err
	}
	return e, nil
}
