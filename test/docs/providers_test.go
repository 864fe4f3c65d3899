package docs

import (
	"context"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apiserver/pkg/apis/apiserver"
	"k8s.io/apiserver/pkg/apis/apiserver/install"
	"k8s.io/apiserver/pkg/apis/apiserver/validation"
	"k8s.io/apiserver/pkg/authentication/cel"
	"k8s.io/apiserver/pkg/cel/lazy"
)

const page = "../../docs/identity-providers.md"

// configurations reads every AuthenticationConfiguration in a text as kube-apiserver
// reads its file, strictly, by the alias that its usernames begin with.
func configurations(t *testing.T, documents ...string) map[string]apiserver.JWTAuthenticator {
	t.Helper()
	scheme := runtime.NewScheme()
	install.Install(scheme)
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDecoder()
	found := map[string]apiserver.JWTAuthenticator{}
	for _, text := range documents {
		if !strings.Contains(text, "kind: AuthenticationConfiguration") {
			continue
		}
		var config apiserver.AuthenticationConfiguration
		if err := runtime.DecodeInto(decoder, []byte(text), &config); err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		for _, jwt := range config.JWT {
			alias, _, _ := strings.Cut(strings.TrimPrefix(jwt.ClaimMappings.Username.Expression, "'"), ":")
			found[alias] = jwt
		}
	}
	return found
}

// shown gives the configurations of the page.
func shown(t *testing.T) map[string]apiserver.JWTAuthenticator {
	t.Helper()
	raw, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for _, block := range strings.Split(string(raw), "```yaml\n")[1:] {
		text, _, _ := strings.Cut(block, "```")
		blocks = append(blocks, text)
	}
	all := configurations(t, blocks...)
	if len(all) != 3 {
		t.Fatalf("the page shows %d configurations, want those of google, entra and github", len(all))
	}
	return all
}

// person is what the API server makes of a token.
type person struct {
	Refused  string // why the token is not taken
	Username string
	UID      string
	Groups   []string
	Extra    map[string]string
}

func login(t *testing.T, m cel.CELMapper, claims string) person {
	t.Helper()
	var raw map[string]any
	if err := json.Unmarshal([]byte(claims), &raw); err != nil {
		t.Fatal(err)
	}
	token := object("kubernetes.claims", raw)
	ctx := context.Background()
	eval := func(results []cel.EvaluationResult, err error) []cel.EvaluationResult {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return results
	}
	for _, rule := range eval(m.ClaimValidationRules.EvalClaimMappings(ctx, token)) {
		if rule.EvalResult != types.True {
			return person{Refused: rule.ExpressionAccessor.(*cel.ClaimValidationCondition).Message}
		}
	}
	one := func(m cel.ClaimsMapper) ref.Val {
		t.Helper()
		result, err := m.EvalClaimMapping(ctx, token)
		if err != nil {
			t.Fatal(err)
		}
		return result.EvalResult
	}
	p := person{Extra: map[string]string{}}
	p.Username, p.UID = one(m.Username).Value().(string), one(m.UID).Value().(string)
	groups, err := one(m.Groups).ConvertToNative(reflect.TypeFor[[]string]())
	if err != nil {
		t.Fatal(err)
	}
	p.Groups = groups.([]string)
	for _, extra := range eval(m.Extra.EvalClaimMappings(ctx, token)) {
		if value, _ := extra.EvalResult.Value().(string); value != "" {
			p.Extra[extra.ExpressionAccessor.(*cel.ExtraMappingExpression).Key] = value
		}
	}
	user := object("kubernetes.UserInfo", map[string]any{
		"username": p.Username, "uid": p.UID, "groups": p.Groups, "extra": map[string]any{},
	})
	for _, rule := range eval(m.UserValidationRules.EvalUser(ctx, user)) {
		if rule.EvalResult != types.True {
			return person{Refused: rule.ExpressionAccessor.(*cel.UserValidationCondition).Message}
		}
	}
	return p
}

// object shows values to an expression as the API server does, field by field.
func object(name string, fields map[string]any) *lazy.MapValue {
	value := lazy.NewMapValue(types.NewObjectType(name))
	for field, v := range fields {
		value.Append(field, func(*lazy.MapValue) ref.Val { return types.DefaultTypeAdapter.NativeToValue(v) })
	}
	return value
}

// The claims are of the kind that each provider documents.
func TestIdentityProviders(t *testing.T) {
	all := map[string]cel.CELMapper{}
	for alias, jwt := range shown(t) {
		mapper, errs := validation.CompileAndValidateJWTAuthenticator(cel.NewDefaultCompiler(), jwt, nil)
		if len(errs) > 0 {
			t.Fatalf("%s: %v", alias, errs.ToAggregate())
		}
		all[alias] = mapper
	}
	tests := map[string]struct {
		alias, claims string
		want          person
	}{
		"Google": {
			"google",
			`{"iss":"https://accounts.google.com","sub":"108234567890123456789","hd":"acme.example","email":"alice@acme.example","email_verified":true,"name":"Alice"}`,
			person{
				Username: "google:108234567890123456789", UID: "google:108234567890123456789", Groups: []string{"gatehouse:users"},
				Extra: map[string]string{"gatehouse.dev/issuer": "https://accounts.google.com", "gatehouse.dev/email": "alice@acme.example", "gatehouse.dev/name": "Alice"},
			},
		},
		"Google, somebody of another domain": {
			"google", `{"iss":"https://accounts.google.com","sub":"1","hd":"globex.example","email":"a@globex.example","email_verified":true}`,
			person{Refused: "only accounts of acme.example may log in"},
		},
		"Google, a private account": {
			"google", `{"iss":"https://accounts.google.com","sub":"1","email":"a@gmail.com","email_verified":true}`,
			person{Refused: "only accounts of acme.example may log in"},
		},
		"Microsoft, whose email nobody vouches for": {
			"entra",
			`{"iss":"https://login.microsoftonline.com/t/v2.0","sub":"AAAAkzqFVrSaSaFHy782bbtaQ","email":"alice@acme.example","name":"Alice","groups":["11111111-2222-3333-4444-555555555555"]}`,
			person{
				Username: "entra:AAAAkzqFVrSaSaFHy782bbtaQ", UID: "entra:AAAAkzqFVrSaSaFHy782bbtaQ",
				Groups: []string{"entra:11111111-2222-3333-4444-555555555555", "gatehouse:users"},
				Extra:  map[string]string{"gatehouse.dev/issuer": "https://login.microsoftonline.com/t/v2.0", "gatehouse.dev/name": "Alice"},
			},
		},
		"GitHub through Dex": {
			"github",
			`{"iss":"https://dex.example.com","sub":"CgcyMzQyNzQ5EgZnaXRodWI","email":"alice@acme.example","email_verified":true,"name":"Alice","groups":["acme:research"]}`,
			person{
				Username: "github:CgcyMzQyNzQ5EgZnaXRodWI", UID: "github:CgcyMzQyNzQ5EgZnaXRodWI",
				Groups: []string{"github:acme:research", "gatehouse:users"},
				Extra:  map[string]string{"gatehouse.dev/issuer": "https://dex.example.com", "gatehouse.dev/email": "alice@acme.example", "gatehouse.dev/name": "Alice"},
			},
		},
		"an unverified email": {"github", `{"iss":"i","sub":"a","email":"a@b","email_verified":false}`, person{Refused: "the issuer has not verified this user's email address"}},
		"no sub":              {"github", `{"iss":"i"}`, person{Refused: "the token names no subject"}},
		"an empty sub":        {"github", `{"iss":"i","sub":""}`, person{Refused: "the token names no subject"}},
		"groups that mean to rule": {
			"github", `{"iss":"i","sub":"system:admin","groups":["system:masters","gatehouse:users","gatehouse:admins"]}`,
			person{
				Username: "github:system:admin", UID: "github:system:admin",
				Groups: []string{"github:system:masters", "github:gatehouse:users", "github:gatehouse:admins", "gatehouse:users"},
				Extra:  map[string]string{"gatehouse.dev/issuer": "i"},
			},
		},
		"groups that are no list": {
			"entra", `{"iss":"i","sub":"a","groups":"system:masters"}`,
			person{Username: "entra:a", UID: "entra:a", Groups: []string{"gatehouse:users"}, Extra: map[string]string{"gatehouse.dev/issuer": "i"}},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, login(t, all[tc.alias], tc.claims)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What the local cluster proves with real logins holds for the page only as long as both
// map in the same way.
func TestPageMapsAsTheLocalCluster(t *testing.T) {
	raw, err := os.ReadFile("../cluster/authn/testdata/authentication.yaml")
	if err != nil {
		t.Fatal(err)
	}
	local := configurations(t, string(raw))["local"]
	for alias, jwt := range shown(t) {
		rename := func(s string) string { return strings.ReplaceAll(s, "'"+alias+":'", "'local:'") }
		m := jwt.ClaimMappings.DeepCopy()
		m.Username.Expression, m.UID.Expression = rename(m.Username.Expression), rename(m.UID.Expression)
		m.Groups.Expression = rename(m.Groups.Expression)
		if diff := cmp.Diff(&local.ClaimMappings, m); diff != "" {
			t.Errorf("%s: mappings: %s", alias, diff)
		}
		if diff := cmp.Diff(local.ClaimValidationRules, jwt.ClaimValidationRules[:len(local.ClaimValidationRules)]); diff != "" {
			t.Errorf("%s: rules on claims: %s", alias, diff)
		}
		if diff := cmp.Diff(local.UserValidationRules, jwt.UserValidationRules); diff != "" {
			t.Errorf("%s: rules on users: %s", alias, diff)
		}
	}
}
