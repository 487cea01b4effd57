import type { Label } from "../api/types";

/** One reading of what is held about the user. */
export interface ReadItem {
  at: string;
  actor_name?: string;
  org_name?: Label;
  type: string;
  type_title?: Label;
  id?: string;
  title?: string | Label;
  purpose?: string | Label;
  basis?: string;
  /** Names of the fields that were read in clear. */
  fields?: string[];
}

/** Whether the account can be linked with a record in a register of persons, and is. */
export interface Identity {
  offered: boolean;
  linked: boolean;
}
