package mwaa

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"

	"chrononctl/airflowclient"
)

// Options names an environment. Only Name is needed.
type Options struct {
	Name      string
	Region    string                  // "": what AWS's configuration says
	Profile   string                  // of AWS's shared configuration; "": what that says
	Endpoint  string                  // address of AWS's service; "": that of the region
	Transport http.RoundTripper       // to AWS; nil: http.DefaultTransport
	Now       func() time.Time        // nil: time.Now
	Provider  aws.CredentialsProvider // nil: what AWS's configuration says
}

// Environment is one MWAA environment. It is safe for use by many goroutines.
type Environment struct {
	opts   Options
	signer *v4.Signer
}

// Open reads AWS's configuration. It asks nobody yet.
func Open(ctx context.Context, o Options) (*Environment, error) {
	if o.Provider == nil || o.Region == "" {
		var load []func(*config.LoadOptions) error
		if o.Region != "" {
			load = append(load, config.WithRegion(o.Region))
		}
		if o.Profile != "" {
			load = append(load, config.WithSharedConfigProfile(o.Profile))
		}
		cfg, err := config.LoadDefaultConfig(ctx, load...)
		if err != nil {
			return nil, fmt.Errorf("read AWS configuration: %w", err)
		}
		o.Region = cmp.Or(o.Region, cfg.Region)
		if o.Provider == nil {
			o.Provider = cfg.Credentials
		}
	}
	if o.Region == "" {
		return nil, configError{errors.New("no AWS region is known"), "set aws_region, or AWS_REGION"}
	}
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Environment{opts: o, signer: v4.NewSigner()}, nil
}

type configError struct {
	error
	hint string
}

func (e configError) Unwrap() error { return e.error }

// Hint is the next step.
func (e configError) Hint() string { return e.hint }

// Webserver asks for a web token to learn the address of the web server, https://….
func (e *Environment) Webserver(ctx context.Context) (string, error) {
	login, err := e.webLogin(ctx)
	if err != nil {
		return "", err
	}
	return "https://" + login.Hostname, nil
}

// WebToken asks AWS for a token to log in with. It is good for a minute.
func (e *Environment) WebToken(ctx context.Context) (airflowclient.Secret, error) {
	login, err := e.webLogin(ctx)
	return airflowclient.NewSecret(login.Token), err
}

type webLogin struct {
	Token    string `json:"WebToken"`
	Hostname string `json:"WebServerHostname"`
}

// webLogin is the operation CreateWebLoginToken.
func (e *Environment) webLogin(ctx context.Context) (webLogin, error) {
	got, err := e.send(ctx, "/webtoken/", nil)
	if err != nil {
		return webLogin{}, fmt.Errorf("ask AWS for a web login token: %w", err)
	}
	var login webLogin
	if got.status != http.StatusOK {
		return login, fmt.Errorf("ask AWS for a web login token: %w", got.refusal())
	}
	if err := json.Unmarshal(got.body, &login); err != nil || login.Token == "" || login.Hostname == "" {
		return login, errors.New("ask AWS for a web login token: the answer holds none")
	}
	return login, nil
}

// maxAnswer is more than AWS sends: 6 MB.
const maxAnswer = 16 << 20

// answer is what AWS says to an operation.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// send signs and sends one operation on the environment.
func (e *Environment) send(ctx context.Context, operation string, body []byte) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.endpoint()+operation+url.PathEscape(e.opts.Name), bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	credentials, err := e.opts.Provider.Retrieve(ctx)
	if err != nil {
		return answer{}, configError{
			fmt.Errorf("no AWS credentials: %w", err),
			"log in to AWS, for example with aws sso login, or name another profile with aws_profile",
		}
	}
	digest := sha256.Sum256(body)
	err = e.signer.SignHTTP(ctx, credentials, req, hex.EncodeToString(digest[:]), "airflow", e.opts.Region, e.opts.Now())
	if err != nil {
		return answer{}, fmt.Errorf("sign the request: %w", err)
	}
	resp, err := e.opts.Transport.RoundTrip(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return answer{status: resp.StatusCode, header: resp.Header, body: text}, err
}

// endpoint is where the environment is operated, which is not where it is managed.
func (e *Environment) endpoint() string {
	if e.opts.Endpoint != "" {
		return strings.TrimRight(e.opts.Endpoint, "/")
	}
	domain := "amazonaws.com"
	if strings.HasPrefix(e.opts.Region, "cn-") {
		domain += ".cn"
	}
	return "https://env.airflow." + e.opts.Region + "." + domain
}

// refusal is the error of an operation that AWS itself refused.
func (a answer) refusal() error {
	name, words := a.words()
	kind := airflowclient.KindServer
	switch {
	case a.status == http.StatusTooManyRequests || strings.HasPrefix(name, "Throttling"):
		kind = airflowclient.KindRateLimited
	case name == "ExpiredTokenException", name == "UnrecognizedClientException", name == "InvalidSignatureException":
		kind = airflowclient.KindAuth
	case a.status == http.StatusForbidden:
		kind = airflowclient.KindPermission
	case a.status == http.StatusNotFound:
		kind = airflowclient.KindNotFound
	case a.status < http.StatusInternalServerError:
		kind = airflowclient.KindInvalid
	}
	return &airflowclient.Error{Kind: kind, Status: a.status, Detail: strings.Trim("AWS says "+name+": "+words, ": ")}
}

// words are what AWS calls an error, and says about it.
func (a answer) words() (name, words string) {
	var said struct {
		Type    string `json:"__type"`
		Upper   string `json:"Message"`
		Message string `json:"message"`
	}
	_ = json.Unmarshal(a.body, &said) // what is no JSON has no words
	name, _, _ = strings.Cut(cmp.Or(a.header.Get("X-Amzn-Errortype"), said.Type), ":")
	if _, short, found := strings.Cut(name, "#"); found {
		name = short
	}
	return name, strings.Join(strings.Fields(cmp.Or(said.Message, said.Upper)), " ")
}
