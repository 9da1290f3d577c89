// Everything the pages do beyond HTML. Each file is one behaviour, reads its input from attributes,
// and leaves a page that reads without it.
import "htmx.org";

import "./column-picker";
import "./command-palette";
import "./confirm";
import "./dialogs";
import "./errors";
import "./file-drop";
import "./filter-builder";
import "./forms";
import "./grid";
import "./idempotency";
import "./inline-edit";
import "./keep-focus";
import "./keyboard";
import "./live-region";
import "./local-time";
import "./menus";
import "./passkey";
import "./password-strength";
import "./print";
import "./row-selection";
import "./score-reasons";
import "./tables";
import "./theme-switch";
import "./toast-item";
import "./total";
import "./variable-panel";
