-- Where the directory and the group service meet. A project belongs to a directory group iff its integration_id is
-- `directory:<group_id>`.

CREATE TABLE manager.provisioning_rules (
    id                   UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    directory_group_id   BIGINT NOT NULL CONSTRAINT provisioning_rules_directory_group_id_key UNIQUE,
    with_groups_below    BOOLEAN NOT NULL DEFAULT FALSE,
    domain_name          TEXT NOT NULL
        CONSTRAINT provisioning_rules_domain_name_fkey REFERENCES manager.domains (name),
    resource_policy      TEXT NOT NULL,  -- may be deleted meanwhile: then the rule's projects are blocked
    total_resource_slots JSONB NOT NULL DEFAULT '{}',
    name_template        TEXT NOT NULL DEFAULT '{name}',
    members_of           TEXT NOT NULL DEFAULT 'direct' CHECK (members_of IN ('direct', 'below')),
    is_exact             BOOLEAN NOT NULL DEFAULT FALSE,
    created_at           TIMESTAMPTZ NOT NULL DEFAULT now(),
    modified_at          TIMESTAMPTZ NOT NULL DEFAULT now()
);
COMMENT ON TABLE manager.provisioning_rules IS
    'Which directory groups have a project each: the group itself, with_groups_below: every group below it too. members_of: the agents of the group, or also those of the groups below it. is_exact: members added by hand are removed.';

-- What a rule made or took over: such a project is deleted (softly) when its group leaves the rules, and such a
-- membership ends when the agent does. What people did by hand is not in these tables.
CREATE TABLE manager.provisioned_projects (
    project_id UUID PRIMARY KEY REFERENCES manager.groups (id) ON DELETE CASCADE,
    rule_id    UUID NOT NULL,  -- no reference: the rule may be gone, and its projects then are to be deleted
    is_deleted BOOLEAN NOT NULL DEFAULT FALSE
);
COMMENT ON COLUMN manager.provisioned_projects.is_deleted IS
    'Provisioning deleted it, and restores it when its directory group is back. What a person deleted stays deleted.';
CREATE TABLE manager.provisioned_members (
    group_id UUID NOT NULL,
    user_id  UUID NOT NULL,
    PRIMARY KEY (group_id, user_id),
    FOREIGN KEY (group_id, user_id) REFERENCES manager.association_groups_users (group_id, user_id) ON DELETE CASCADE
);

-- Removals of an approved plan that is being applied, so that what a crash has left of it needs no second approval.
CREATE TABLE manager.approved_removals (
    project_id UUID NOT NULL,
    user_id    UUID,  -- null: the project itself
    UNIQUE NULLS NOT DISTINCT (project_id, user_id)
);

-- What a person does to a project counts: one whose link is cut, or leads elsewhere, is an ordinary project from then
-- on, and one that a person deletes or restores is no longer deleted by provisioning.
CREATE FUNCTION manager.follow_linked_project() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.integration_id IS DISTINCT FROM OLD.integration_id THEN
        DELETE FROM manager.provisioned_members WHERE group_id = NEW.id;
        DELETE FROM manager.provisioned_projects WHERE project_id = NEW.id;
    ELSE
        UPDATE manager.provisioned_projects SET is_deleted = FALSE WHERE project_id = NEW.id AND is_deleted;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER groups_follow_linked_project AFTER UPDATE OF is_active, integration_id ON manager.groups
    FOR EACH ROW
    WHEN (NEW.is_active <> OLD.is_active OR NEW.integration_id IS DISTINCT FROM OLD.integration_id)
    EXECUTE FUNCTION manager.follow_linked_project();

-- The directory group of an integration id; null where it names none.
CREATE FUNCTION manager.directory_group_of(integration_id TEXT) RETURNS BIGINT LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN integration_id ~ '^directory:(0|-?[1-9][0-9]{0,17})$' THEN substr(integration_id, 11)::BIGINT
    WHEN integration_id ~ '^directory:-?[1-9][0-9]{18}$'
     AND substr(integration_id, 11)::NUMERIC BETWEEN -9223372036854775808 AND 9223372036854775807
    THEN substr(integration_id, 11)::BIGINT
END;

CREATE INDEX groups_directory_group_idx ON manager.groups (manager.directory_group_of(integration_id))
    WHERE integration_id LIKE 'directory:%';

-- Full case folding of Unicode 14, whatever the locale of the database and wherever the server has its tables from: 104
-- letters fold to several (ß to ss), the others to one. A test compares it with Python's, letter by letter.
CREATE FUNCTION manager.fold_case(given TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN translate(
    replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
    replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
    replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
    replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
    replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
    replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
    replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
    replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
    given,
    E'ß', E'ss'), E'İ', E'i\u0307'), E'ŉ', E'\u02bcn'), E'ǰ', E'j\u030c'), E'ΐ', E'ι\u0308\u0301'),
    E'ΰ', E'υ\u0308\u0301'), E'և', E'եւ'), E'ẖ', E'h\u0331'), E'ẗ', E't\u0308'), E'ẘ', E'w\u030a'),
    E'ẙ', E'y\u030a'), E'ẚ', E'a\u02be'), E'ẞ', E'ss'), E'ὐ', E'υ\u0313'), E'ὒ', E'υ\u0313\u0300'),
    E'ὔ', E'υ\u0313\u0301'), E'ὖ', E'υ\u0313\u0342'), E'ᾀ', E'ἀι'), E'ᾁ', E'ἁι'), E'ᾂ', E'ἂι'), E'ᾃ', E'ἃι'),
    E'ᾄ', E'ἄι'), E'ᾅ', E'ἅι'), E'ᾆ', E'ἆι'), E'ᾇ', E'ἇι'), E'ᾈ', E'ἀι'), E'ᾉ', E'ἁι'), E'ᾊ', E'ἂι'),
    E'ᾋ', E'ἃι'), E'ᾌ', E'ἄι'), E'ᾍ', E'ἅι'), E'ᾎ', E'ἆι'), E'ᾏ', E'ἇι'), E'ᾐ', E'ἠι'), E'ᾑ', E'ἡι'),
    E'ᾒ', E'ἢι'), E'ᾓ', E'ἣι'), E'ᾔ', E'ἤι'), E'ᾕ', E'ἥι'), E'ᾖ', E'ἦι'), E'ᾗ', E'ἧι'), E'ᾘ', E'ἠι'),
    E'ᾙ', E'ἡι'), E'ᾚ', E'ἢι'), E'ᾛ', E'ἣι'), E'ᾜ', E'ἤι'), E'ᾝ', E'ἥι'), E'ᾞ', E'ἦι'), E'ᾟ', E'ἧι'),
    E'ᾠ', E'ὠι'), E'ᾡ', E'ὡι'), E'ᾢ', E'ὢι'), E'ᾣ', E'ὣι'), E'ᾤ', E'ὤι'), E'ᾥ', E'ὥι'), E'ᾦ', E'ὦι'),
    E'ᾧ', E'ὧι'), E'ᾨ', E'ὠι'), E'ᾩ', E'ὡι'), E'ᾪ', E'ὢι'), E'ᾫ', E'ὣι'), E'ᾬ', E'ὤι'), E'ᾭ', E'ὥι'),
    E'ᾮ', E'ὦι'), E'ᾯ', E'ὧι'), E'ᾲ', E'ὰι'), E'ᾳ', E'αι'), E'ᾴ', E'άι'), E'ᾶ', E'α\u0342'), E'ᾷ', E'α\u0342ι'),
    E'ᾼ', E'αι'), E'ῂ', E'ὴι'), E'ῃ', E'ηι'), E'ῄ', E'ήι'), E'ῆ', E'η\u0342'), E'ῇ', E'η\u0342ι'), E'ῌ', E'ηι'),
    E'ῒ', E'ι\u0308\u0300'), E'ΐ', E'ι\u0308\u0301'), E'ῖ', E'ι\u0342'), E'ῗ', E'ι\u0308\u0342'),
    E'ῢ', E'υ\u0308\u0300'), E'ΰ', E'υ\u0308\u0301'), E'ῤ', E'ρ\u0313'), E'ῦ', E'υ\u0342'),
    E'ῧ', E'υ\u0308\u0342'), E'ῲ', E'ὼι'), E'ῳ', E'ωι'), E'ῴ', E'ώι'), E'ῶ', E'ω\u0342'), E'ῷ', E'ω\u0342ι'),
    E'ῼ', E'ωι'), E'ﬀ', E'ff'), E'ﬁ', E'fi'), E'ﬂ', E'fl'), E'ﬃ', E'ffi'), E'ﬄ', E'ffl'), E'ﬅ', E'st'),
    E'ﬆ', E'st'), E'ﬓ', E'մն'), E'ﬔ', E'մե'), E'ﬕ', E'մի'), E'ﬖ', E'վն'), E'ﬗ', E'մխ'),
    'ABCDEFGHIJKLMNOPQRSTUVWXYZµÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘ'
    'ŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽſƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖ'
    'ȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎͅͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫςϏϐϑϕϖϘϚϜϞϠϢϤϦϨϪϬϮϰϱϴϵϷϹϺϽϾϿЀЁЂЃЄЅІ'
    'ЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜ'
    'ӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴ'
    'ႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᏸᏹᏺᏻᏼᏽᲀᲁᲂᲃᲄᲅᲆᲇᲈᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦ'
    'ḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẛẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶ'
    'ỸỺỼỾἈἉἊἋἌἍἎἏἘἙἚἛἜἝἨἩἪἫἬἭἮἯἸἹἺἻἼἽἾἿὈὉὊὋὌὍὙὛὝὟὨὩὪὫὬὭὮὯᾸᾹᾺΆιῈΈῊΉῘῙῚΊῨῩῪΎῬῸΌῺΏΩKÅℲⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫⅬⅭⅮⅯↃⒶⒷⒸⒹⒺ'
    'ⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞ'
    'ⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖ'
    'ꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗ'
    'ꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡'
    '𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖'
    '𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇'
    '𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡',
    'abcdefghijklmnopqrstuvwxyzμàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįĳĵķĺļľŀłńņňŋōŏőœŕŗř'
    'śŝşšţťŧũūŭůűųŵŷÿźżžsɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗ'
    'șțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏιͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋσϗβθφπϙϛϝϟϡϣϥϧϩϫϭϯκρθεϸϲϻͻͼͽѐёђѓєѕі'
    'їјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝ'
    'ӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔ'
    'ⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭᏰᏱᏲᏳᏴᏵвдосттъѣꙋაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧ'
    'ḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕṡạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷ'
    'ỹỻỽỿἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὑὓὕὗὠὡὢὣὤὥὦὧᾰᾱὰάιὲέὴήῐῑὶίῠῡὺύῥὸόὼώωkåⅎⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻⅼⅽⅾⅿↄⓐⓑⓒⓓⓔ'
    'ⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟ'
    'ⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗ'
    'ꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙꟶᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇ'
    'ᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉'
    '𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖'
    '𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩'
    '𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃'
);

-- An e-mail address as it is compared between the halves: trimmed, case folded, NFC; null where there is none.
CREATE FUNCTION manager.fold_address(address TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN nullif(CASE
    WHEN octet_length(address) = char_length(address)  -- ASCII
    THEN lower(btrim(address, E' \t\n\x0b\f\r\x1c\x1d\x1e\x1f') COLLATE "C")
    ELSE normalize(manager.fold_case(normalize(btrim(
        address,
        E' \t\n\x0b\f\r\x1c\x1d\x1e\x1f\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009'
        '\u200a\u2028\u2029\u202f\u205f\u3000'
    ), NFC)), NFC)
END, '');

-- Who is who: an agent and the user with the same address, where neither is two. Agents and users that are not here
-- have no counterpart, or nobody can say which.
CREATE VIEW manager.agent_users AS
WITH agent AS (
    SELECT a.agent_id, a.active, manager.fold_address(a.email) AS address FROM directory.agents AS a
),
person AS (
    SELECT u.uuid AS user_id, manager.fold_address(u.email) AS address FROM manager.users AS u
),
one_agent AS (
    SELECT address, min(agent_id) AS agent_id FROM agent WHERE address IS NOT NULL GROUP BY address HAVING count(*) = 1
),
one_user AS (
    SELECT address, (array_agg(user_id))[1] AS user_id FROM person WHERE address IS NOT NULL
    GROUP BY address HAVING count(*) = 1
)
SELECT one_agent.agent_id, one_user.user_id, one_agent.address
FROM one_agent
JOIN one_user USING (address);

-- The directory groups that rules claim, each with its rule; twice where two rules claim it.
CREATE FUNCTION manager.claims() RETURNS TABLE (rule_id UUID, group_id BIGINT) LANGUAGE sql STABLE AS $$
    SELECT r.id, r.directory_group_id FROM manager.provisioning_rules AS r WHERE NOT r.with_groups_below
    UNION ALL
    SELECT r.id, below.group_id
    FROM manager.provisioning_rules AS r
    CROSS JOIN LATERAL directory.groups_below(r.directory_group_id) AS below
    WHERE r.with_groups_below
$$;

CREATE FUNCTION manager.project_name(template TEXT, name TEXT, group_id BIGINT) RETURNS TEXT LANGUAGE sql IMMUTABLE
RETURN btrim(left(regexp_replace(replace(replace(template, '{name}', name), '{id}', group_id::TEXT), '[^[:alnum:]]+', '-', 'g'), 64), '-');
