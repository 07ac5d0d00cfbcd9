//go:build e2e

package e2e

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/coldstart-aws/coldstart/rehearsal"
)

// TestAnswersInOnePiece reads from the emulator's connection without an HTTP client. If an
// answer's body doesn't come together with its header, the provider fails now and then
// (docs/adr/0009-answers-in-one-piece.md).
func TestAnswersInOnePiece(t *testing.T) {
	begin(t)
	emulator, err := rehearsal.StartEmulator(context.Background(), rehearsal.EmulatorOptions{})
	must(t, err)
	t.Cleanup(func() { must(t, emulator.Stop()) })

	// The test repeats this, because a server that writes twice passes half of the time.
	for range 40 {
		piece := firstPiece(t, strings.TrimPrefix(emulator.Endpoint(), "http://"))
		if _, body, _ := strings.Cut(piece, "\r\n\r\n"); body == "" {
			t.Fatalf("the first piece of an answer has no body:\n%s", piece)
		}
	}

	t.Run("go-ahead", func(t *testing.T) {
		// This client waits for the go-ahead. Others send the body after a second.
		client := http.Client{Transport: &http.Transport{ExpectContinueTimeout: time.Hour}, Timeout: time.Minute}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, emulator.Endpoint()+"/bucket/key", strings.NewReader("body"))
		must(t, err)
		req.Header.Set("Expect", "100-continue")
		resp, err := client.Do(req)
		must(t, err)
		must(t, resp.Body.Close())
	})
}

// firstPiece sends a request and returns the bytes of the first read.
func firstPiece(t *testing.T, address string) string {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	must(t, err)
	defer func() { _ = conn.Close() }()
	must(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: s3.amazonaws.com\r\n\r\n")
	must(t, err)
	piece := make([]byte, 64<<10)
	n, err := conn.Read(piece)
	must(t, err)
	return string(piece[:n])
}

// TestIAMKeepsWhatIsInUse deletes what something else refers to, which moto takes and IAM refuses, and updates a part of a role.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html
func TestIAMKeepsWhatIsInUse(t *testing.T) {
	begin(t)
	ctx := context.Background()
	emulator, err := rehearsal.StartEmulator(ctx, rehearsal.EmulatorOptions{})
	must(t, err)
	t.Cleanup(func() { must(t, emulator.Stop()) })
	client := iam.NewFromConfig(emulator.Config("us-west-2"))
	name := aws.String("x")
	document := aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`)
	policy := func(name string) *string {
		created, err := client.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: &name, PolicyDocument: document})
		must(t, err)
		return created.Policy.Arn
	}
	boundary, attached, versions := policy("boundary"), policy("attached"), policy("versions")
	_, err = client.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: name, Description: aws.String("described"), PermissionsBoundary: boundary,
		AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`),
	})
	must(t, err)
	_, err = client.CreateGroup(ctx, &iam.CreateGroupInput{GroupName: name})
	must(t, err)
	_, err = client.CreateUser(ctx, &iam.CreateUserInput{UserName: name})
	must(t, err)
	_, err = client.AddUserToGroup(ctx, &iam.AddUserToGroupInput{GroupName: name, UserName: name})
	must(t, err)
	_, err = client.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: versions, PolicyDocument: document})
	must(t, err)
	refused := func(what, want string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), "DeleteConflict: "+want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	deletePolicy := func(arn *string) error {
		_, err := client.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: arn})
		return err
	}
	deleteGroup := func() error {
		_, err := client.DeleteGroup(ctx, &iam.DeleteGroupInput{GroupName: name})
		return err
	}
	deleteUser := func() error {
		_, err := client.DeleteUser(ctx, &iam.DeleteUserInput{UserName: name})
		return err
	}
	refused("a boundary", "Cannot delete a policy attached to entities.", deletePolicy(boundary))
	refused("a policy of two versions", "This policy has more than one version.", deletePolicy(versions))
	refused("a group with a user", "Cannot delete entity, must remove users from group first.", deleteGroup())
	refused("a user in a group", "Cannot delete entity, must remove users from group first.", deleteUser())
	_, err = client.RemoveUserFromGroup(ctx, &iam.RemoveUserFromGroupInput{GroupName: name, UserName: name})
	must(t, err)
	_, err = client.AttachGroupPolicy(ctx, &iam.AttachGroupPolicyInput{GroupName: name, PolicyArn: attached})
	must(t, err)
	_, err = client.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: name})
	must(t, err)
	refused("an attached policy", "Cannot delete a policy attached to entities.", deletePolicy(attached))
	refused("a group with a policy", "Cannot delete entity, must detach all policies first.", deleteGroup())
	refused("a user with a key", "Cannot delete entity, must delete access keys first.", deleteUser())

	_, err = client.UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: name, MaxSessionDuration: aws.Int32(7200)})
	must(t, err)
	_, err = client.UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: name})
	must(t, err)
	role, err := client.GetRole(ctx, &iam.GetRoleInput{RoleName: name})
	must(t, err)
	if got := aws.ToString(role.Role.Description); got != "described" || aws.ToInt32(role.Role.MaxSessionDuration) != 7200 {
		t.Errorf("the role is %q and has sessions of %d s", got, aws.ToInt32(role.Role.MaxSessionDuration))
	}
}
