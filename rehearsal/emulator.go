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
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
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
	// Port is where the emulator listens; 0 for one that is free.
	Port int
	// Progress, if not nil, is told what takes longer than a moment.
	Progress func(string)
	// Log, if not nil, gets what the emulator's programs print.
	Log io.Writer
	// Detached leaves the emulator running when this process ends, and ctx with
	// it, until Stop or a signal. What it prints is lost then unless Log is a
	// file, which outlives this process too.
	Detached bool
}

// emulatorKey is the id and the secret of the access key that emulators get:
// they take any.
const emulatorKey = "test"

// Emulator is a local AWS API.
type Emulator struct {
	endpoint string
	version  string
	process  *process // nil if somebody else runs it
	// pace is how many of AWS's seconds pass in one of its own; 0 if it has no rates.
	pace float64
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

// Endpoint returns the URL of the emulator.
func (e *Emulator) Endpoint() string { return e.endpoint }

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
	if e.process == nil {
		return nil
	}
	return e.process.stop()
}

// Env returns environment variables with which AWS SDKs reach the emulator and
// never AWS. They are for adding to this process's environment: what there is
// in it of credentials, profiles and endpoints is overridden, by an empty value
// where nothing is to take its place.
func (e *Emulator) Env() map[string]string { return emulatorEnv(e.endpoint, os.Environ()) }

// Config returns a configuration whose clients reach the emulator as its
// management account. Nothing in it comes from the environment.
func (e *Emulator) Config(region string) aws.Config {
	return aws.Config{
		Region:       region,
		BaseEndpoint: aws.String(e.endpoint),
		Credentials:  credentials.NewStaticCredentialsProvider(emulatorKey, emulatorKey, ""),
	}
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
	e := &Emulator{endpoint: strings.TrimSuffix(endpoint, "/")}
	var err error
	if e.version, err = answers(ctx, e.endpoint); err != nil {
		return nil, fmt.Errorf("the emulator at %s doesn't answer: %w", endpoint, err)
	}
	// Only an emulator takes these credentials, so that a proxy with a harmless
	// name doesn't lead to AWS either.
	client := sts.NewFromConfig(e.Config("us-east-1"), func(o *sts.Options) { o.RetryMaxAttempts = 1 })
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
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

// answers makes one request and returns what the server calls itself.
func answers(ctx context.Context, endpoint string) (server string, err error) {
	// A machine that is busy takes its time. Where nobody listens, that shows at once.
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint+"/", nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	if server = response.Header.Get("Server"); server == "" {
		server = "an emulator that doesn't say what it is"
	}
	return server, nil
}

// listen takes a port of the loopback interface; 0 is one that is free.
func listen(port int) (*net.TCPListener, error) {
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	if err != nil {
		return nil, fmt.Errorf("the emulator's port: %w", err)
	}
	return listener, nil
}

func portOf(listener *net.TCPListener) int { return listener.Addr().(*net.TCPAddr).Port }

// started returns the emulator that p runs, once it answers.
func started(ctx context.Context, p *process, port int, version string) (*Emulator, error) {
	e := &Emulator{endpoint: fmt.Sprintf("http://127.0.0.1:%d", port), version: version, process: p}
	if err := p.awaitAnswer(ctx, e.endpoint); err != nil {
		p.cancel()
		<-p.done
		return nil, err
	}
	return e, nil
}
