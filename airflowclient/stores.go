package airflowclient

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
)

// Pool is a pool of slots and what is in it. Slots of -1 are a pool without end.
type Pool struct {
	Name            string
	Slots           int
	Description     string
	IncludeDeferred bool // deferred tasks count; see [Capabilities.PoolDeferred]
	Running         int
	Queued          int
	Scheduled       int // wait for a slot
	Deferred        int
	Occupied        int
	Open            int // in a pool without end it means nothing
}

// PoolSettings is what can be set of a pool. Airflow 3 refuses another description for default_pool.
type PoolSettings struct {
	Name            string
	Slots           int
	Description     string
	IncludeDeferred bool
}

// Variable is a variable of Airflow. Its value does not print: Airflow 2 shows all of them as they are, passwords too, and Airflow 3
// masks only those whose names sound secret.
type Variable struct {
	Key         string
	Description string
	Value       Secret // "***" where Airflow masks it
	Encrypted   bool   // in Airflow's database; Airflow 2 does not say
}

type storeOperations interface {
	pools(ctx context.Context) ([]Pool, error)
	pool(ctx context.Context, name string) (Pool, error)
	makePool(ctx context.Context, s PoolSettings) (Pool, error)
	changePool(ctx context.Context, s PoolSettings, members []string) (Pool, error)
	deletePool(ctx context.Context, name string) error
	variables(ctx context.Context) ([]Variable, error)
	variable(ctx context.Context, key string) (Variable, error)
	makeVariable(ctx context.Context, v Variable) error
	changeVariable(ctx context.Context, v Variable) error
	deleteVariable(ctx context.Context, key string) error
}

const (
	opPools          = "list pools"
	opPool           = "read pool"
	opSetPool        = "set pool"
	opDeletePool     = "delete pool"
	opVariables      = "list variables"
	opVariable       = "read variable"
	opSetVariable    = "set variable"
	opDeleteVariable = "delete variable"
)

// Pools lists the pools by name.
func (c *Client) Pools(ctx context.Context) ([]Pool, error) {
	list, err := with(ctx, c, func(d dialect) ([]Pool, error) { return d.pools(ctx) })
	slices.SortFunc(list, func(a, b Pool) int { return strings.Compare(a.Name, b.Name) })
	return list, err
}

// Pool reads one pool.
func (c *Client) Pool(ctx context.Context, name string) (Pool, error) {
	return with(ctx, c, func(d dialect) (Pool, error) { return d.pool(ctx, name) })
}

// SetPool makes a pool, or changes what differs of the one that is there. When nothing differs nothing is sent.
func (c *Client) SetPool(ctx context.Context, s PoolSettings) (Pool, error) {
	return with(ctx, c, func(d dialect) (Pool, error) {
		there, err := d.pool(ctx, s.Name)
		switch {
		case IsNotFound(err):
			return d.makePool(ctx, s)
		case err != nil:
			return Pool{}, err
		}
		members := s.differs(there)
		if len(members) == 0 {
			return there, nil
		}
		return d.changePool(ctx, s, members)
	})
}

// differs names the members that are not as they should be, as both APIs call them.
func (s PoolSettings) differs(there Pool) []string {
	var members []string
	if s.Slots != there.Slots {
		members = append(members, "slots")
	}
	if s.Description != there.Description {
		members = append(members, "description")
	}
	if s.IncludeDeferred != there.IncludeDeferred {
		members = append(members, "include_deferred")
	}
	return members
}

// DeletePool deletes a pool. Tasks that name it are not scheduled any more.
func (c *Client) DeletePool(ctx context.Context, name string) error {
	return do(ctx, c, func(d dialect) error { return d.deletePool(ctx, name) })
}

// Variables lists the variables by key. Those that workers get from elsewhere (the environment, a secrets backend) are not among them.
func (c *Client) Variables(ctx context.Context) ([]Variable, error) {
	list, err := with(ctx, c, func(d dialect) ([]Variable, error) { return d.variables(ctx) })
	slices.SortFunc(list, func(a, b Variable) int { return strings.Compare(a.Key, b.Key) })
	return list, err
}

// Variable reads one variable. A key with a slash cannot be read from Airflow 2.
func (c *Client) Variable(ctx context.Context, key string) (Variable, error) {
	return with(ctx, c, func(d dialect) (Variable, error) { return d.variable(ctx, key) })
}

// SetVariable makes a variable or gives it another value. With an empty description the one that is there stays: Airflow 2 would
// lose it. A value that Airflow masked is never sent back, because only the caller's value is.
func (c *Client) SetVariable(ctx context.Context, key string, value Secret, description string) error {
	return do(ctx, c, func(d dialect) error {
		wanted := Variable{Key: key, Value: value, Description: description}
		there, err := d.variable(ctx, key)
		switch {
		case IsNotFound(err):
			return d.makeVariable(ctx, wanted)
		case err != nil:
			return err
		}
		if description == "" {
			wanted.Description = there.Description
		}
		return d.changeVariable(ctx, wanted)
	})
}

// DeleteVariable deletes a variable.
func (c *Client) DeleteVariable(ctx context.Context, key string) error {
	return do(ctx, c, func(d dialect) error { return d.deleteVariable(ctx, key) })
}

type wirePool struct {
	Name            string `json:"name"`
	Slots           int    `json:"slots"`
	Description     string `json:"description"`
	IncludeDeferred bool   `json:"include_deferred"`
	Running         int    `json:"running_slots"`
	Queued          int    `json:"queued_slots"`
	Scheduled       int    `json:"scheduled_slots"`
	Deferred        int    `json:"deferred_slots"`
	Occupied        int    `json:"occupied_slots"`
	Open            number `json:"open_slots"`
}

func (w wirePool) model() (Pool, bool) {
	return Pool{
		Name: w.Name, Slots: w.Slots, Description: w.Description, IncludeDeferred: w.IncludeDeferred, Running: w.Running, Queued: w.Queued,
		Scheduled: w.Scheduled, Deferred: w.Deferred, Occupied: w.Occupied, Open: int(w.Open),
	}, w.Name != ""
}

// number is an integer; anything else, such as the infinity of an endless pool, is 0.
type number int

// UnmarshalJSON never fails.
func (n *number) UnmarshalJSON(raw []byte) error {
	var value int
	if json.Unmarshal(raw, &value) == nil {
		*n = number(value)
	}
	return nil
}

func poolKey(p Pool) string { return p.Name }

type wireVariable struct {
	Key         string          `json:"key"`
	Description string          `json:"description"`
	Value       json.RawMessage `json:"value"`
	Encrypted   bool            `json:"is_encrypted"` // v2
}

func (w wireVariable) model() (Variable, bool) {
	value := string(w.Value)
	var text string
	if json.Unmarshal(w.Value, &text) == nil {
		value = text
	}
	return Variable{Key: w.Key, Description: w.Description, Value: NewSecret(value), Encrypted: w.Encrypted}, w.Key != ""
}

func variableKey(v Variable) string { return v.Key }

// wireVariableBody is VariableBody.
type wireVariableBody struct {
	Key         string `json:"key"`
	Value       string `json:"value"`
	Description string `json:"description,omitempty"`
}

func bodyOf(v Variable) wireVariableBody {
	return wireVariableBody{Key: v.Key, Value: v.Value.Reveal(), Description: v.Description}
}
