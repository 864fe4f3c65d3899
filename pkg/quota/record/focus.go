package record

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// focusColumns are the columns of FOCUS 1.2 that usage without a price can fill.
var focusColumns = []string{
	"BillingAccountId", "BillingAccountName", "SubAccountId", "SubAccountName", "BillingCurrency",
	"BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd",
	"ChargeCategory", "ChargeClass", "ChargeDescription", "ProviderName", "PublisherName", "InvoiceIssuerName",
	"ServiceCategory", "ServiceName", "ResourceId", "ResourceName", "SkuMeter",
	"ConsumedQuantity", "ConsumedUnit", "PricingQuantity", "PricingUnit",
	"BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "Tags",
}

// WriteFOCUS writes events as rows of FOCUS: the organization is the billing account, the
// tenant its sub-account. Costs are 0, since nothing here knows a price.
func WriteFOCUS(w io.Writer, events []Event) error {
	out := csv.NewWriter(w)
	if err := out.Write(focusColumns); err != nil {
		return fmt.Errorf("write FOCUS: %w", err)
	}
	for _, e := range events {
		row, err := focusRow(e)
		if err != nil {
			return err
		}
		if err := out.Write(row); err != nil {
			return fmt.Errorf("write FOCUS: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write FOCUS: %w", err)
	}
	return nil
}

func focusRow(e Event) ([]string, error) {
	u := e.Data
	tags, err := json.Marshal(map[string]string{"user": u.User, "tier": u.Tier, "session": u.Session, "record": e.ID})
	if err != nil {
		return nil, fmt.Errorf("record %s: %w", e.ID, err)
	}
	at := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	start := u.Start.UTC()
	month := time.Date(start.Year(), start.Month(), 1, 0, 0, 0, 0, time.UTC)
	return []string{
		u.Organization, u.Organization, u.Tenant, u.Tenant, "USD",
		at(month), at(month.AddDate(0, 1, 0)), at(u.Start), at(u.End),
		"Usage", "", u.Dimension + " of " + u.Resource, "Gatehouse", "Gatehouse", "Gatehouse",
		"AI and Machine Learning", "Research sessions", u.ResourceUID, u.Resource, u.Dimension,
		u.Amount, u.Unit, u.Amount, u.Unit,
		"0", "0", "0", "0", string(tags),
	}, nil
}
