/*
 * drivers/local/identity.c: acting as the user that the private cluster runs as.
 *
 * PostgreSQL refuses to run as root, so when root asks, a user is chosen: the owner of the project
 * directory, else `postgres`, else `nobody`.  pgalter then has that user's effective ids while it
 * works on the cluster; the real user stays root, so that user can neither signal nor trace it. 
 * Child processes give root up for good.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/local/local_private.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

bool
pga_identity_choose(struct pga_local *local, uid_t owner, struct pga_error *err)
{
    struct pga_cluster *cluster = local->cluster;
    bool is_root = geteuid() == 0;
    const struct passwd *entry = getpwuid(is_root ? owner : geteuid());

    cluster->uid = geteuid();
    cluster->gid = getegid();
    if (!is_root) { /* without a name everything but making the data works */
        local->system_user = entry == NULL ? NULL : pga_strdup(local->mem, entry->pw_name);
        return true;
    }
    if (entry == NULL || entry->pw_uid == 0)
        entry = getpwnam("postgres");
    if (entry == NULL || entry->pw_uid == 0)
        entry = getpwnam("nobody");
    if (entry == NULL || entry->pw_uid == 0) {
        (void)pga_fail(err, PGA_ERR_USAGE,
                       "root can't run a private cluster, and there is no user to run it as");
        return pga_error_hint(err,
                              "Run pgalter as an ordinary user, or add the user \"postgres\".");
    }
    cluster->uid = entry->pw_uid;
    cluster->gid = entry->pw_gid;
    local->system_user = pga_strdup(local->mem, entry->pw_name);
    return true;
}

bool
pga_identity_assume(struct pga_local *local, struct pga_error *err)
{
    const struct pga_cluster *cluster = local->cluster;
    struct pga_identity *own = &local->own;
    int why;

    if (own->assumed || cluster->uid == geteuid())
        return true;
    own->uid = geteuid();
    own->gid = getegid();
    own->group_count = getgroups(0, NULL);
    own->groups = pga_new_array(local->mem, gid_t, (size_t)(own->group_count + 1));
    if (own->group_count < 0 || getgroups(own->group_count, own->groups) < 0)
        return pga_fail(err, PGA_ERR_USAGE, "cannot read the groups of this process: %s",
                        strerror(errno));
    own->assumed = true;
    if (initgroups(local->system_user, cluster->gid) == 0 && setegid(cluster->gid) == 0 &&
        seteuid(cluster->uid) == 0)
        return true;
    why = errno;
    pga_identity_restore(local);
    (void)pga_fail(err, PGA_ERR_USAGE, "cannot act as user \"%s\": %s", local->system_user,
                   strerror(why));
    return pga_error_hint(err, "This root may not change its user; run pgalter as \"%s\" instead.",
                          local->system_user);
}

void
pga_identity_restore(struct pga_local *local)
{
    const struct pga_identity *own = &local->own;

    if (!own->assumed)
        return;
    if (seteuid(own->uid) != 0 || setegid(own->gid) != 0 ||
        setgroups((size_t)own->group_count, own->groups) != 0)
        pga_bug("cannot become user %ld again: %s", (long)own->uid, strerror(errno));
    local->own.assumed = false;
}

bool
pga_identity_drop(void)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();

    if (getuid() == uid && getgid() == gid)
        return true;
    if (seteuid(getuid()) != 0 || setgid(gid) != 0 || setuid(uid) != 0)
        return false;
    /* As root these calls set the saved ids too; make sure of it rather than believe it. */
    return getuid() == uid && geteuid() == uid && getgid() == gid && (uid == 0 || setuid(0) != 0);
}
