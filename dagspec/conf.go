package dagspec

import "encoding/json"

// document holds the fields of all three kinds of conf that decide a schedule (api/thrift/api.thrift). Which kind a file holds shows in what is set.
type document struct {
	Meta *metaData `json:"metaData"`

	// StagingQuery
	Query          text `json:"query"`
	StartPartition text `json:"startPartition"`
	CreateView     flag `json:"createView"`

	// GroupBy
	Sources           []source `json:"sources"`
	KeyColumns        texts    `json:"keyColumns"`
	Accuracy          number   `json:"accuracy"` // 0 TEMPORAL, 1 SNAPSHOT
	BackfillStartDate text     `json:"backfillStartDate"`
	Incremental       flag     `json:"isIncremental"`

	// Join
	Left            *source          `json:"left"`
	JoinParts       []joinPart       `json:"joinParts"`
	ExternalParts   []externalPart   `json:"onlineExternalParts"`
	LabelPart       *labelPart       `json:"labelPart"`
	ModelTransforms *modelTransforms `json:"modelTransforms"`
}

type metaData struct {
	Name                     text       `json:"name"`
	Team                     text       `json:"team"`
	OutputNamespace          text       `json:"outputNamespace"`
	Online                   flag       `json:"online"`
	CustomJSON               customJSON `json:"customJson"`
	Dependencies             texts      `json:"dependencies"`
	OfflineSchedule          text       `json:"offlineSchedule"`
	HistoricalBackfill       flag       `json:"historicalBackfill"`
	DeprecationDate          text       `json:"deprecationDate"`
	SamplePercent            number     `json:"samplePercent"`
	ConsistencySamplePercent number     `json:"consistencySamplePercent"`
	ModeToEnv                envByMode  `json:"modeToEnvMap"`

	needs []dependency // Dependencies, as far as they were understood when the conf was checked
}

type source struct {
	Events   *eventSource  `json:"events"`
	Entities *entitySource `json:"entities"`
	Chained  *joinSource   `json:"joinSource"`
}

type eventSource struct {
	Table text  `json:"table"`
	Topic text  `json:"topic"`
	Query query `json:"query"`
}

type entitySource struct {
	Table text  `json:"snapshotTable"`
	Topic text  `json:"mutationTopic"`
	Query query `json:"query"`
}

type joinSource struct {
	Join  *embeddedJoin `json:"join"`
	Query query         `json:"query"`
}

// embeddedJoin is a Join inside a source, which streams what its left side streams.
type embeddedJoin struct {
	Meta *metaData `json:"metaData"`
	Left *source   `json:"left"`
}

type query struct {
	StartPartition text `json:"startPartition"`
	EndPartition   text `json:"endPartition"`
}

type joinPart struct {
	Prefix  text        `json:"prefix"`
	GroupBy *embeddedGB `json:"groupBy"`
}

// embeddedGB is a GroupBy inside a Join, of which little matters here: its jobs are those of its own file. A join of a hundred parts has a hundred.
type embeddedGB struct {
	Meta *embeddedMeta `json:"metaData"`
}

type embeddedMeta struct {
	Name         text  `json:"name"`
	Dependencies texts `json:"dependencies"`

	needs []dependency // of an external part, understood when the conf was checked
}

type externalPart struct {
	Prefix text `json:"prefix"`
	Source struct {
		Meta struct {
			Name text `json:"name"`
		} `json:"metadata"` // api.thrift spells it so
		OfflineGroupBy *embeddedGB `json:"offlineGroupBy"`
	} `json:"source"`
}

type labelPart struct {
	Meta         *metaData  `json:"metaData"`
	LeftEndShift number     `json:"leftEndOffset"`
	Labels       []joinPart `json:"labels"`
}

type modelTransforms struct {
	Transforms []struct{} `json:"transforms"`
}

// customJSON is metaData.customJson: a string that holds a JSON object of what the conf's author passed besides the known fields.
type customJSON struct {
	Lag              number
	CheckConsistency flag
	PartitionColumns texts  // more partition columns of a staging query's table, besides the day
	UploadSchedule   text   // of a GroupBy's upload (group_by.py, UPLOAD_SCHEDULE_KEY)
	AdditionalArgs   texts  // that run.py passes on to the job
	TeamOverride     text   // who owns the conf, where that is not the team of its folder (Extensions.scala, owningTeam)
	bad              string // why it could not be read
}

// problem is an error as text, and empty for none.
func problem(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// UnmarshalJSON reads the string and the object in it; an object that stands there directly is read as well.
func (c *customJSON) UnmarshalJSON(raw []byte) error {
	*c = customJSON{}
	if raw[0] == '"' {
		var inner string
		if err := json.Unmarshal(raw, &inner); err != nil {
			return err
		}
		raw = []byte(inner)
	}
	if isNull(raw) || len(raw) == 0 {
		return nil
	}
	var fields struct {
		Lag              number `json:"lag"`
		CheckConsistency flag   `json:"check_consistency"`
		PartitionColumns texts  `json:"additional_partition_cols"`
		UploadSchedule   text   `json:"uploadSchedule"`
		AdditionalArgs   texts  `json:"additional_args"`
		TeamOverride     text   `json:"team_override"`
	}
	c.bad = problem(json.Unmarshal(raw, &fields))
	c.Lag, c.CheckConsistency, c.PartitionColumns = fields.Lag, fields.CheckConsistency, fields.PartitionColumns
	c.UploadSchedule, c.AdditionalArgs, c.TeamOverride = fields.UploadSchedule, fields.AdditionalArgs, fields.TeamOverride
	return nil
}
