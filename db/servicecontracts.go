package db

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
	"github.com/caresync/caresync/db/internal/optional"
)

// ErrOvertaken means that data of a read that began later has been saved meanwhile. Reading again helps.
var ErrOvertaken = errors.New("a read that began later has been saved meanwhile")

// ParticipantRecord is what is known of a person before the NDIA is asked anything (R21, R30).
type ParticipantRecord struct {
	PersonID care.ID
	care.Participant
	// APIEnabled says whether the organisation uses the PACE API; ConnectionID is the connection it uses, Activated whether that one's
	// device has been activated.
	APIEnabled   bool
	ConnectionID care.ID
	Activated    bool
	Standing     care.PACEStanding
	// TimeZone is the organisation's, ServiceTimeZone the NDIA's (R1).
	TimeZone, ServiceTimeZone *time.Location
}

// LoadParticipant returns what is known of a person, or ErrNotFound.
func (s *Store) LoadParticipant(ctx context.Context, organisation, person care.ID) (ParticipantRecord, error) {
	record, err := ParticipantFrom(ctx, s.queries, organisation, person)
	return record, MapError("load the participant", err)
}

// ParticipantFrom is LoadParticipant among the queries of a transaction.
func ParticipantFrom(ctx context.Context, queries *gen.Queries, organisation, person care.ID) (ParticipantRecord, error) {
	row, err := queries.LoadParticipant(ctx, gen.LoadParticipantParams{OrganisationID: organisation, PersonID: person})
	if err != nil {
		return ParticipantRecord{}, err
	}
	zone, err := time.LoadLocation(row.TimeZone)
	if err != nil {
		return ParticipantRecord{}, fmt.Errorf("organisation %s has the unknown time zone %q", organisation, row.TimeZone)
	}
	serviceZone, err := time.LoadLocation(row.ServiceTimeZone)
	if err != nil {
		return ParticipantRecord{}, fmt.Errorf("organisation %s has a connection with the unknown time zone %q", organisation, row.ServiceTimeZone)
	}
	record := ParticipantRecord{
		ServiceTimeZone: serviceZone,
		PersonID:        row.ID, APIEnabled: row.ApiEnabled, ConnectionID: optional.Value(row.ConnectionID), Activated: row.ActivatedAt != nil, TimeZone: zone,
		Participant: care.Participant{
			NDISNumber: row.NdisNumber, FamilyName: row.FamilyName, BirthDate: row.BirthDate,
			PACEFlags: care.PACEFlags{PACEParticipant: row.PaceParticipant, PACEAPIAccess: row.PaceApiAccess},
		},
		Standing: care.PACEStanding{StoppedOn: row.StoppedOn, StopReason: care.Reason(row.StopReason)},
	}
	return record, json.Unmarshal(row.Relationships, &record.Standing.Relationships)
}

// HeldParticipant is what a contract's step knows before it asks the NDIA.
type HeldParticipant struct {
	Participant care.Participant `json:"participant"`
	// BudgetCallsPerHour is how many budget calls the organisation may make.
	BudgetCallsPerHour int `json:"budget_calls_per_hour"`
}

// BeginContract begins a step that reads a plan. The step's chunk numbers the reads of a run.
func (s *Store) BeginContract(ctx context.Context, step Step) (StepStart[HeldParticipant], error) {
	row, err := s.queries.BeginContract(ctx, gen.BeginContractParams{
		OrganisationID: step.OrganisationID, RunID: step.RunID, PersonID: step.PersonID, ConnectionID: step.ConnectionID, Chunk: int32(step.Chunk),
	})
	return decodeStepStart[HeldParticipant](row.Begin, row.Held, err)
}

// HeldContracts returns all of a person's contracts, budgets and delivered services.
func (s *Store) HeldContracts(ctx context.Context, organisation, person care.ID) (care.HeldContracts, error) {
	held, err := heldContracts(ctx, s.queries, organisation, person)
	return held, MapError("load the contracts", err)
}

func heldContracts(ctx context.Context, queries *gen.Queries, organisation, person care.ID) (held care.HeldContracts, err error) {
	stored, err := queries.HeldContracts(ctx, gen.HeldContractsParams{OrganisationID: organisation, PersonID: person})
	if err != nil {
		return held, err
	}
	return held, json.Unmarshal(stored, &held)
}

// RefreshContract applies what decide makes of what we hold, in one transaction (R26), and takes over what it leaves to people (R31).
// A decision that is not a success writes nothing and is answered as it is. Where a newer read has been written meanwhile, nothing
// changes and the area is superseded (R7).
func (s *Store) RefreshContract(
	ctx context.Context, step Step, begun StepStart[HeldParticipant], decide func(care.HeldContracts) care.ContractDecision,
) (care.ContractDecision, error) {
	decision, err := s.writeContract(ctx, step, begun, decide, gen.ApplyContractParams{Reviewing: "all"})
	if errors.Is(err, ErrOvertaken) {
		decision = care.ContractDecision{}
		stored, err := recordSuperseded(ctx, s.queries, step, begun.BeganAt)
		if err != nil {
			return decision, MapError("record that a newer read was found", err)
		}
		decision.Answer, err = decodeAnswer(stored)
		return decision, err
	}
	return decision, err
}

// CreateContract applies what decide makes of what we hold, in one transaction (R26), and closes the retrieval that the request names.
// A decision that is not a success writes nothing and is answered as it is. ErrOvertaken means that the plan must be read again.
func (s *Store) CreateContract(
	ctx context.Context, step Step, begun StepStart[HeldParticipant], request care.CreateRequest, decide func(care.HeldContracts) care.ContractDecision,
) (care.ContractDecision, error) {
	write := gen.ApplyContractParams{PreviewID: &request.PreviewID, Reviewing: "contract"}
	if request.Only {
		write.Reviewing, write.ReviewedBudgets = "budgets", request.Selection
	}
	return s.writeContract(ctx, step, begun, decide, write)
}

// errNotWritten takes a transaction back that has nothing to write.
var errNotWritten = errors.New("nothing to write")

// writeContract is the transaction of a contract's step: pass the fence, compare with what stands, apply. What we hold is read behind
// the fence, since an import of delivered services may have changed it without passing one.
func (s *Store) writeContract(
	ctx context.Context, step Step, begun StepStart[HeldParticipant], decide func(care.HeldContracts) care.ContractDecision, write gen.ApplyContractParams,
) (decision care.ContractDecision, err error) {
	err = s.inTransaction(ctx, "write the contract", func(queries *gen.Queries) error {
		_, err := queries.PassAreaFence(ctx, gen.PassAreaFenceParams{
			OrganisationID: step.OrganisationID, PersonID: step.PersonID, Area: string(step.Area), Ticket: begun.Ticket, AsOf: begun.BeganAt,
		})
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrOvertaken
		}
		if err != nil {
			return err
		}
		held, err := heldContracts(ctx, queries, step.OrganisationID, step.PersonID)
		if err != nil {
			return err
		}
		if decision = decide(held); decision.Answer.Outcome != care.AreaSucceeded {
			return errNotWritten
		}
		decision.Answer.ContractID = decision.Contract.ID
		return applyContract(ctx, queries, step, begun.BeganAt, &decision, write)
	})
	if errors.Is(err, errNotWritten) {
		err = nil
	}
	return decision, err
}

func applyContract(ctx context.Context, queries *gen.Queries, step Step, asOf time.Time, decision *care.ContractDecision, write gen.ApplyContractParams) error {
	write.OrganisationID, write.RunID, write.PersonID, write.Chunk, write.AsOf = step.OrganisationID, step.RunID, step.PersonID, int32(step.Chunk), asOf
	write.Answer, write.Issues, write.Changes = object(decision.Answer), list(decision.Issues), list(decision.Changes)
	write.Contracts, write.ContractID, write.Review = list(decision.Contracts), optional.Of(decision.Contract.ID), list(decision.Review)
	write.Budgets, write.RemovedBudgets = list(decision.Budgets.Write), decision.Budgets.Remove
	for i := range decision.Budgets.After {
		if budget := &decision.Budgets.After[i]; slices.Contains(write.ReviewedBudgets, budget.ID) {
			write.ReviewedSubjects = append(write.ReviewedSubjects, budget.Name())
		}
	}
	write.Adjustments, write.RemovedAdjustments = list(decision.DeliveredServices.Write), decision.DeliveredServices.Remove
	stored, err := queries.ApplyContract(ctx, write)
	if err != nil {
		return err
	}
	decision.Answer, err = decodeAnswer(stored)
	return err
}

// RefuseContract records that a contract's step was refused, and why. Figures stay as they are; a denied authority stops the scheduled
// syncs of the person (R30).
func (s *Store) RefuseContract(ctx context.Context, step Step, read Read, reason care.Reason, issues []care.Issue) (care.AreaResult, error) {
	standing := care.PACEStanding{}.AfterAnswer(reason, step.Today)
	stored, err := s.queries.RefuseContract(ctx, gen.RefuseContractParams{
		OrganisationID: step.OrganisationID, RunID: step.RunID, PersonID: step.PersonID, Chunk: int32(step.Chunk),
		Answer: object(care.Refused(reason)), AsOf: read.BeganAt, Issues: list(issues),
		StoppedOn: standing.StoppedOn, StopReason: string(standing.StopReason),
	})
	if err != nil {
		return care.AreaResult{}, MapError("record the refusal", err)
	}
	return decodeAnswer(stored)
}

// PreviewContents is what a preview shows as long as it waits. It is stored as JSON, sealed, in pace_preview.sealed.
type PreviewContents struct {
	care.Preview
	// Differences are why it took the place of the preview before, where a Create found that the NDIA reports something else (R22).
	Differences []care.NamedChange `json:"differences,omitempty"`
}

// PreviewID is our id of a run's n-th read, so that an attempt which is made again stages the same retrieval.
func PreviewID(run care.ID, n int) care.ID {
	return care.ID(uuid.NewSHA1(uuid.MustParse(string(run)), fmt.Appendf(nil, "retrieval/%d", n)).String())
}

// StorePreview keeps a preview, sealed, until it is created, replaced or expires (R22). It takes the place of one that waits.
func (s *Store) StorePreview(ctx context.Context, step Step, staged PreviewContents) error {
	return MapError("stage the retrieval", s.queries.StorePreview(ctx, gen.StorePreviewParams{
		ID: staged.ID, OrganisationID: step.OrganisationID, PersonID: step.PersonID, RunID: step.RunID,
		Sealed: s.sealer.Seal(object(staged), previewPlace(staged.ID)), RetrievedAt: staged.RetrievedAt, ExpiresAt: staged.ExpiresAt,
	}))
}

func previewPlace(id care.ID) []byte { return []byte("pace_preview/" + string(id)) }

// PreviewState is where a retrieval stands.
type PreviewState string

// The states of a retrieval.
const (
	PreviewWaiting  PreviewState = "waiting"
	PreviewCreated  PreviewState = "created"
	PreviewReplaced PreviewState = "replaced"
	// PreviewEnded: expired, cancelled, or refused at Create; the run says which.
	PreviewEnded PreviewState = "ended"
)

// Preview is a retrieval with its preview, as long as it waits.
type Preview struct {
	ID          care.ID
	PersonID    care.ID
	RunID       care.ID
	State       PreviewState
	RetrievedAt time.Time
	ExpiresAt   time.Time
	// ContractID is the contract that was created from it.
	ContractID care.ID
	// Contents is there while it waits.
	Contents *PreviewContents
}

// Preview returns a retrieval, or ErrNotFound.
func (s *Store) Preview(ctx context.Context, organisation, id care.ID) (Preview, error) {
	row, err := s.queries.Preview(ctx, gen.PreviewParams{OrganisationID: organisation, ID: id})
	if err != nil {
		return Preview{}, MapError("load the retrieval", err)
	}
	return s.openPreview(row)
}

// WaitingPreview returns the retrieval of a client that can be created now, or ErrNotFound.
func (s *Store) WaitingPreview(ctx context.Context, organisation, person care.ID) (Preview, error) {
	row, err := s.queries.WaitingPreview(ctx, gen.WaitingPreviewParams{OrganisationID: organisation, PersonID: person})
	if err != nil {
		return Preview{}, MapError("load the waiting retrieval", err)
	}
	return s.openPreview(gen.PreviewRow(row))
}

func (s *Store) openPreview(row gen.PreviewRow) (Preview, error) {
	retrieval := Preview{
		ID: row.ID, PersonID: row.PersonID, RunID: row.RunID, State: PreviewState(row.ClosedAs), RetrievedAt: row.RetrievedAt,
		ExpiresAt: row.ExpiresAt, ContractID: optional.Value(row.ContractID),
	}
	if row.ClosedAt != nil {
		return retrieval, nil
	}
	plain, err := s.sealer.Open(row.Sealed, previewPlace(row.ID))
	if err != nil {
		return Preview{}, fmt.Errorf("open the retrieval %s: %w", row.ID, err)
	}
	retrieval.State, retrieval.Contents = PreviewWaiting, &PreviewContents{}
	return retrieval, json.Unmarshal(plain, retrieval.Contents)
}
