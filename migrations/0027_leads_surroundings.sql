-- What pages show around their leads: colleagues, custom fields, saved views and who likes which.

-- Nodes remember it, and ask with each page whether it still is so: a number that every change of it moves. No row: nothing has
-- changed yet.
CREATE TABLE surroundings (
  org_id  uuid   PRIMARY KEY REFERENCES organisations ON DELETE CASCADE,
  version bigint NOT NULL
);
SELECT leadline_tenant_table('surroundings');
-- Moved by the triggers alone.
REVOKE INSERT, UPDATE, DELETE ON surroundings FROM leadline_runtime;
SELECT leadline_system_access('surroundings', 'select,insert,update');

-- With the rights of the plumbing: a person's new name is known in all of their organisations.
CREATE FUNCTION leadline_surroundings_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_TABLE_NAME = 'users' THEN
    INSERT INTO surroundings SELECT m.org_id, 1 FROM memberships m WHERE m.user_id = NEW.id ORDER BY m.org_id
    ON CONFLICT (org_id) DO UPDATE SET version = surroundings.version + 1;
  ELSIF TG_OP = 'DELETE' THEN
    -- Not inserted: the organisation itself may be going.
    UPDATE surroundings SET version = version + 1 WHERE org_id = OLD.org_id;
    INSERT INTO surroundings SELECT o.org_id, 1 FROM organisations o WHERE o.org_id = OLD.org_id AND NOT FOUND ON CONFLICT DO NOTHING;
  ELSE
    INSERT INTO surroundings VALUES (NEW.org_id, 1) ON CONFLICT (org_id) DO UPDATE SET version = surroundings.version + 1;
  END IF;
  RETURN NULL;
END $$;
GRANT CREATE ON SCHEMA public TO leadline_system;
ALTER FUNCTION leadline_surroundings_changed OWNER TO leadline_system;
REVOKE CREATE ON SCHEMA public FROM leadline_system;

-- At the commit: the number of an organisation is held for no longer than that, whatever else the transaction takes time for.
CREATE CONSTRAINT TRIGGER surroundings_changed AFTER INSERT OR UPDATE OR DELETE ON memberships
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION leadline_surroundings_changed();
CREATE CONSTRAINT TRIGGER surroundings_changed AFTER UPDATE OF name, email ON users
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION leadline_surroundings_changed();
CREATE CONSTRAINT TRIGGER surroundings_changed AFTER INSERT OR UPDATE OR DELETE ON custom_fields
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION leadline_surroundings_changed();
CREATE CONSTRAINT TRIGGER surroundings_changed AFTER INSERT OR UPDATE OR DELETE ON saved_views
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION leadline_surroundings_changed();
CREATE CONSTRAINT TRIGGER surroundings_changed AFTER INSERT OR UPDATE OR DELETE ON grid_choices
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION leadline_surroundings_changed();
