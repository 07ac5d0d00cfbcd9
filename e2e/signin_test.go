//go:build e2e

package e2e

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/creack/pty"
)

// signsIn works on a rendered repository as a person does, with the profiles that coldstart
// writes. Every program that needs a session gets a real one, for an MFA code that is typed
// once. The proxy in front of the emulator demands the code (rehearsal/limits).
func (c *checkout) signsIn(user, account string, id string) {
	c.t.Helper()
	key := c.equip(c.iam(id), user)
	aws := filepath.Join(c.world.dir, "aws")
	must(c.t, os.Mkdir(aws, 0o700))
	keys := fmt.Sprintf("[repo]\naws_access_key_id = %s\naws_secret_access_key = %s\n", *key.AccessKeyId, *key.SecretAccessKey)
	must(c.t, os.WriteFile(filepath.Join(aws, "credentials"), []byte(keys), 0o600))
	write := c.command(coldstart(), "aws-config", "--user", user, "--write")
	write.Env = append(write.Env, "AWS_CONFIG_FILE="+filepath.Join(aws, "config"))
	out, err := write.CombinedOutput()
	c.t.Logf("coldstart aws-config --write\n%s", out)
	must(c.t, err)
	cache, err := os.UserCacheDir()
	must(c.t, err)
	c.env = append(slices.DeleteFunc(c.env, func(e string) bool { return strings.HasPrefix(e, "AWS_") }),
		"AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=", "AWS_SESSION_TOKEN=", "XDG_CACHE_HOME="+aws, "GOCACHE="+cmp.Or(os.Getenv("GOCACHE"), filepath.Join(cache, "go-build")),
		"AWS_CONFIG_FILE="+filepath.Join(aws, "config"), "AWS_SHARED_CREDENTIALS_FILE="+filepath.Join(aws, "credentials"),
		// Otherwise the AWS SDK for Go would call AWS itself to assume the roles of profiles.
		"AWS_ENDPOINT_URL_STS="+c.emulator.Endpoint())

	signedOut := func() { must(c.t, os.RemoveAll(filepath.Join(aws, "coldstart"))) }
	const logIn = "run `coldstart login --profile repo-mfa` first"
	if out, err := c.try("make", "preview"); err == nil || !strings.Contains(out, logIn) {
		c.t.Errorf("without a terminal: %v\n%s", err, out)
	}
	contains(c.t, c.inTerminal([]string{"12345", "000001"}, "make", "preview"), "A code is six digits", "unchanged")
	contains(c.t, c.does("make", "preview"), "unchanged")
	signedOut()
	contains(c.t, c.inTerminal([]string{"000001", "000002"}, coldstart(), "login", "--profile", "repo-"+account+"-admin"),
		"AWS doesn't take this code", "assumed-role/repo-"+account+"-admin/")
	contains(c.t, c.does("make", "preview"), "unchanged")
	if _, err := exec.LookPath("aws"); err != nil {
		c.t.Logf("the AWS CLI isn't tried: %v", err)
		return
	}
	const whoami = ". ./.envrc; AWS_DEFAULT_REGION=$AWS_REGION aws sts get-caller-identity"
	contains(c.t, c.does("bash", "-euc", whoami), "assumed-role/repo-"+account+"-admin/")
	signedOut()
	must(c.t, os.RemoveAll(filepath.Join(aws, "cli"))) // The AWS CLI keeps sessions of roles in this folder.
	contains(c.t, c.inTerminal([]string{"000003"}, "bash", "-euc", "HOME="+aws+"; "+whoami), "assumed-role/repo-"+account+"-admin/")
}

// inTerminal runs a program in its own terminal. It types the next answer whenever the program
// asks for an MFA code.
func (c *checkout) inTerminal(answers []string, name string, args ...string) string {
	c.t.Helper()
	cmd := exec.CommandContext(context.Background(), name, args...)
	cmd.Dir = c.dir
	cmd.Env = slices.Concat(c.command("").Env, c.env, []string{"TERM=xterm"})
	terminal, err := pty.Start(cmd)
	must(c.t, err)
	defer func() { _ = terminal.Close() }()                                // The test has read everything.
	kill := func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // The process may just have ended.
	stop := time.AfterFunc(3*time.Minute, kill)
	defer stop.Stop()
	var shown bytes.Buffer
	for buffer := make([]byte, 4096); ; {
		n, err := terminal.Read(buffer)
		if err != nil { // The program has ended.
			break
		}
		asked := strings.Count(shown.String(), "MFA code of ")
		shown.Write(buffer[:n])
		for ; asked < strings.Count(shown.String(), "MFA code of "); asked++ {
			if len(answers) == 0 {
				c.t.Errorf("%s asks once more", name)
				kill()
				break
			}
			_, err := terminal.WriteString(answers[0] + "\n")
			must(c.t, err)
			answers = answers[1:]
		}
	}
	err = cmd.Wait()
	c.t.Logf("%s$ %s %s (in a terminal)\n%s", c.account, name, strings.Join(args, " "), shown.String())
	if err != nil || len(answers) > 0 {
		c.t.Fatalf("%s %s: %v; nobody asked for %q", name, strings.Join(args, " "), err, answers)
	}
	return shown.String()
}

// equip creates an access key and an MFA device for a user. The device has the user's name.
func (w *world) equip(client *iam.Client, user string) *types.AccessKey {
	w.t.Helper()
	ctx := context.Background()
	made, err := client.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: &user})
	must(w.t, err)
	device, err := client.CreateVirtualMFADevice(ctx, &iam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: &user})
	must(w.t, err)
	first, second := "123456", "654321"
	_, err = client.EnableMFADevice(ctx, &iam.EnableMFADeviceInput{
		UserName: &user, SerialNumber: device.VirtualMFADevice.SerialNumber, AuthenticationCode1: &first, AuthenticationCode2: &second,
	})
	must(w.t, err)
	return made.AccessKey
}
